"""Candidates, batch by batch, to a Pareto front; start at `evaluate`."""
