"""From values as a reader gives them to whole numbers or spikes; what is fitted, is fitted on training samples."""
