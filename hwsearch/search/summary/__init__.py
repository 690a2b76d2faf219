"""A run in numbers, once it has ended: what it spent, found and predicted, as the typed parts of its summary."""
