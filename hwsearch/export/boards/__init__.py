"""Emulated boards: a C library built for a core, run under QEMU, and compared with the integer model."""
