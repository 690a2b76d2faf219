"""A few loops in C, compiled once by the machine's own compiler; without one, torch does their work."""
