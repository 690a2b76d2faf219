"""What an exported C library does and takes: how often each of its loops turns, and which functions it has.

All of it is arithmetic on a `Workload`; what a turn takes, and a function's bytes, are a core's (`Core`), measured by
``python -m benchmarks.firmware_instructions``. The library itself is written by `hwsearch.export.c`.
"""
