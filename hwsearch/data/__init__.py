"""Labelled samples as integers, split: ``load_dataset``. No torch here, and nothing is read with pickle."""
