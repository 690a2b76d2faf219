"""A network of integers trained on: the same ticket, so that what a device stores keeps its shape and its bytes."""
