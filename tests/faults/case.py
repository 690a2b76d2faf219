"""A bad input: how it is laid out in a folder, what is called with it, and what may come of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from faults.call import SECONDS, Answer

Lay = Callable[[Path], Sequence[str]]
"""Lays an input out in an empty folder, and returns the arguments of the call."""
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f‪-‮⁦-⁩]")


@dataclass(frozen=True)
class Case:
    """A bad input.

    Attributes:
        kind: ``study``, ``profile``, ``data file``, ...
        name: What is bad about it.
        lay: Lays it out.
        codes: Exit codes that may come of it.
        may_change: What may be written or changed, by the first part of a path in the folder.
    """

    kind: str
    name: str
    lay: Lay
    codes: tuple[int, ...] = (0, 1, 2)
    may_change: tuple[str, ...] = ("run",)


def wrong(case: Case, answer: Answer, before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return which promises a call broke; none: it was answered as it should be."""
    broken = []
    if answer.trace:
        broken.append("traceback: " + answer.trace.strip().splitlines()[-1][:200])
    elif answer.code not in case.codes:
        broken.append(f"exit code {answer.code}, not one of {case.codes}: {answer.err.strip()[-300:]!r}")
    if "Traceback (most recent call last)" in answer.out + answer.err:
        broken.append("a traceback was printed")
    if answer.code == 2 and not answer.trace and not _says_something(answer.err):
        broken.append(f"no message with a law: {answer.err[:200]!r}")
    if found := _UNSAFE.search(answer.out + answer.err):
        broken.append(f"{found[0]!r} reached the terminal")
    if answer.seconds > SECONDS:
        broken.append(f"{answer.seconds:.0f} s")
    lost = [name for name, digest in before.items() if after.get(name) != digest]
    new = [name for name in after if name not in before]
    broken += [f"changed: {name}" for name in lost if not name.startswith(case.may_change)]
    broken += [f"written: {name}" for name in new if not name.startswith(case.may_change)]
    return broken


def _says_something(text: str) -> bool:
    """Return whether each line of an answer is a refusal, or what comes before one."""
    lines = [line for line in text.splitlines() if line.strip()]
    return any("rror" in line and len(line) > 20 for line in lines) or "Usage:" in text


def snapshot(folder: Path) -> dict[str, str]:
    """Return what lies in a folder: a digest of each file, the kind of all else."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink() or not path.is_file():
            found[name] = "link" if path.is_symlink() else "folder or other"
        elif path.stat().st_size > 2**26:
            found[name] = f"{path.stat().st_size} bytes"
        else:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found
