"""Devices as data, and what a workload costs on them; needs no torch."""
