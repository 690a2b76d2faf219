"""Predicted against published numbers."""
