"""A network's structure: populations joined by connections, and how they are spelled. No torch, no numbers trained."""
