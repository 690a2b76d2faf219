"""What is shown on a terminal: text of files, folders and arguments, cleaned so that it does nothing but show itself.

A name may hold escapes that move the cursor, line ends that forge a line of ours, or marks that turn the order of
letters round. They are written as the escapes that Python has for them (of ESC four letters: backslash, x, 1, b), so
that nothing is left out. All that the command line prints goes through `say`. Not for pages and tables, which have
rules of their own.
"""

from __future__ import annotations

import re
import sys
from typing import TextIO

# controls (C0, C1, DEL), marks of direction, invisible separators and joiners of lines, halves of letters, tags
_UNSAFE = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\\u00ad\\u061c\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb"
    "\\ud800-\\udfff\\U000e0000-\\U000e007f]"
)
MOST_LETTERS = 4000
"""Letters of a line that are shown: a message is read, and a file may hold any number of them in a row."""


def line(text: object) -> str:
    """Return text as one line that shows what it holds, and does nothing else to a terminal."""
    said = str(text)
    if len(said) > MOST_LETTERS:
        said = f"{said[:MOST_LETTERS]}... ({len(said) - MOST_LETTERS:,} more letters)"
    return _UNSAFE.sub(_escaped, said)


def say(text: object = "", *, flush: bool = False, to: TextIO | None = None) -> None:
    """Print one line."""
    print(line(text), file=to or sys.stdout, flush=flush)


def say_block(text: object) -> None:
    """Print text of several lines, such as a table; what of it is not our own must not hold line ends."""
    for part in str(text).replace("\t", "    ").removesuffix("\n").split("\n"):
        say(part)


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")
