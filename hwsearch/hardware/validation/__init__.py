"""Predicted next to published numbers: how far the profiles can be trusted.

`networks` builds what was measured, `compare` prices it, `report` writes the table. No constant is fitted here.
"""
