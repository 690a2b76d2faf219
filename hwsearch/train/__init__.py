"""One bare training loop for a stack of candidates."""
