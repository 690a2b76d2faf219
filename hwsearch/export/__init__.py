"""A model as files, and the proof of them."""
