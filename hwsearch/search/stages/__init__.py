"""The parts of a run that train and measure: dense reference, tickets, calibration, rungs, finals."""
