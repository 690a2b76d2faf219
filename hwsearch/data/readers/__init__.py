"""Readers: each turns files of one format, or arrays, into ``Samples``. Nothing is read with pickle."""
