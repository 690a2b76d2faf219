"""A network of integers as a C99 library, and the proof that it computes what the integer model does."""
