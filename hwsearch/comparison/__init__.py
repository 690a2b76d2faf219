"""Comparing what finds tickets, outside of any search."""
