"""A pure piece of training, and who runs it."""
