"""What a run writes down: typed rows, files and their names."""
