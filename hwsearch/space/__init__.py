"""What may be tried: candidates, their knobs and their one spelling."""
