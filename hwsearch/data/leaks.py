"""Leaks: what stands in two parts of a split, so that a test is easier than what it stands for.

Looked for in every split, whoever made it: equal samples, groups, windows that overlap. Not for mending a split, which
`parts` does beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from hwsearch.data.parts import Split
from hwsearch.data.samples import Samples
from hwsearch.data.windows import overlaps
from hwsearch.errors import Fault, InputError
from hwsearch.study.data_section import NamedData
from hwsearch.study.parts_section import Parts

Ints = npt.NDArray[np.int64]
_PAIRS = (("test", "training"), ("test", "validation"), ("validation", "training"))
_NAMED = 5
_WHOLE = {"group": "a group", "window": "windows that overlap"}
_OF = {"official": "the official parts", "time": "the split by time", "stratified": "the split"}
_TODO = "say split: stratified to have parts drawn, or split: official to keep these and have the leak named"


@dataclass(frozen=True)
class Leak:
    """What stands in two parts.

    Attributes:
        kind: What it is.
        n: How many samples of the first part it touches.
        words: What a reader must know.
        names: Of the groups.
    """

    kind: Literal["equal", "group", "window"]
    n: int
    words: str
    names: str = ""


def find_leaks(samples: Samples, parts: Mapping[str, Ints], equal: Ints) -> list[Leak]:
    """Return what stands in two of the parts ``training``, ``validation`` and ``test``; none: an empty list.

    Args:
        samples: All samples.
        parts: Indices of each part.
        equal: Which sample each equals (`together.equal_samples`); [N].
    """
    leaks = list[Leak]()
    for first, second in _PAIRS:
        some, others = parts[first], parts[second]
        if n := int(np.isin(equal[some], equal[others]).sum()):
            words = f"{n} of {len(some)} {first} samples equal a {second} sample"
            leaks.append(Leak("equal", n, words))
        if samples.groups is not None:
            leaks += _groups(samples, first, second, parts)
        if samples.spans is not None and (n := int(overlaps(samples.spans, some, others).sum())):
            words = f"{n} of {len(some)} {first} windows overlap a {second} window"
            leaks.append(Leak("window", n, words))
    return leaks


def judge(data: Parts, split: Split, leaks: Sequence[Leak]) -> tuple[str, ...]:
    """Return what is named of the leaks of a split.

    Equal samples are named: where they are no repeats (constant signals, inputs of few values) they do no harm. Groups
    and windows that overlap are named where the parts are published, or the study says ``split: official``.

    Raises:
        InputError: The study can avoid a leak: its data say both parts and groups, which do not go together.
    """
    said = isinstance(data, NamedData) or data.split == "official"
    faults = [
        Fault("data.split", f"{_WHOLE[leak.kind]} must stay in one part", _with_names(leak), _TODO)
        for leak in leaks
        if leak.kind != "equal" and not (split.how == "official" and said)
    ]
    if faults:
        raise InputError(faults)
    if not leaks:
        return ()
    named = [_with_names(leaks[0]), *(leak.words for leak in leaks[1:])]
    return (f"leak in {_OF[split.how]}: {'; '.join(named)}",)


def _with_names(leak: Leak) -> str:
    return f"{leak.words} ({leak.names})" if leak.names else leak.words


def equal_words(samples: Samples, equal: Ints) -> tuple[str, ...]:
    """Return what a reader must know of samples that are repeated; nothing where none are.

    Args:
        samples: All samples.
        equal: Which sample each equals; [N].
    """
    first, counts = np.unique(equal, return_counts=True)
    repeated = np.isin(equal, first[counts > 1])
    if not repeated.any():
        return ()
    same = (samples.y == samples.y[equal]).reshape(len(equal), -1).all(1)
    torn = np.isin(equal, equal[~same])
    notes = [f"{int(repeated.sum())} of {len(equal)} samples equal another one"]
    if torn.any():
        notes.append(f"{int(torn.sum())} samples equal one of another label: no network can tell these apart")
    return tuple(notes)


def _groups(samples: Samples, first: str, second: str, parts: Mapping[str, Ints]) -> list[Leak]:
    """Return the groups that stand in two parts, as one leak."""
    assert samples.groups is not None
    here, there = samples.groups[parts[first]], samples.groups[parts[second]]
    both = np.intersect1d(here, there)
    if not len(both):
        return []
    named = [samples.group_names[group] if samples.group_names else str(group) for group in both]
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    words = f"{len(both)} groups stand in {first} and {second}"
    return [Leak("group", int(np.isin(here, both).sum()), words, f"{', '.join(named[:_NAMED])}{more}")]
