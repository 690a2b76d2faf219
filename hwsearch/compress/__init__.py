"""Masks, quantisers, and the bytes that a device stores."""
