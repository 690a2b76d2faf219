"""Text from a file that may be anybody's: a regular file of a bounded size, or words for why it is not.

A FIFO would be waited for without end, a device read without end. Not for what the text says (`yaml_border`).
"""

from __future__ import annotations

import stat
from pathlib import Path


def read_bounded(path: Path, most_bytes: int) -> str:
    """Return a file's text.

    Args:
        path: The file; a link is followed.
        most_bytes: Its largest size.

    Raises:
        OSError: It is missing or may not be read.
        ValueError: It is no regular file, larger, or no text in UTF-8; the message says which.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("a folder" if stat.S_ISDIR(status.st_mode) else "a pipe or a device")
    if status.st_size > most_bytes:
        raise ValueError(f"{status.st_size:,} bytes, where {most_bytes:,} are read at most")
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"bytes that are no UTF-8 ({error.reason} at byte {error.start:,})") from None
