"""Files in the format of MNIST."""

import gzip
import struct


def idx_file(shape: tuple[int, ...], body: bytes, kind: int = 8) -> bytes:
    return gzip.compress(struct.pack(f">BBBB{len(shape)}I", 0, 0, kind, len(shape), *shape) + body, mtime=0)
