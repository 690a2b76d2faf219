"""Tickets: which weights of a dense network survive, by criterion (scores) and by finder (how they are trained)."""
