"""Test parts for cross-validation: a group each, or folds of near equal size.

Not for the search, which has one split.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hwsearch.data.parts import stream, units_of
from hwsearch.data.samples import Samples
from hwsearch.data.split import grouped_folds, sample_classes
from hwsearch.errors import Fault, InputError
from hwsearch.study.parts_section import Parts

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Fold:
    """One test part.

    Attributes:
        name: The group's, or the fold's number.
        test: Indices, rising.
    """

    name: str
    test: Ints


def left_out_groups(samples: Samples) -> list[Fold]:
    """Return a fold for each group.

    Raises:
        InputError: There are fewer than three groups: one is left out, one validates, one is trained on.
    """
    numbers = np.array([]) if samples.groups is None else np.unique(samples.groups)
    if samples.groups is None or len(numbers) < 3:
        law = "leaving out one group after another needs at least three groups"
        todo = "name what belongs together (group), or give --folds"
        raise InputError([Fault("data", law, f"{len(numbers)} groups", todo)])
    names = [samples.group_names[number] if samples.group_names else str(number) for number in numbers]
    groups = [np.flatnonzero(samples.groups == number) for number in numbers]
    return [Fold(name, group) for name, group in zip(names, groups, strict=True)]


def folds(data: Parts, samples: Samples, equal: Ints, n: int) -> list[Fold]:
    """Return folds of near equal size that share nothing, classes in proportion, what belongs together whole.

    Args:
        data: The study's section.
        samples: All samples.
        equal: Which sample each equals (`together.equal_samples`); [N].
        n: How many.

    Returns:
        The folds; windows that would overlap another stretch of a recording are in none.

    Raises:
        InputError: There is less that can be parted than folds.
    """
    classes, everything = sample_classes(samples.y), np.arange(len(samples.y))
    units, kept = units_of(data, samples, equal, everything, [])
    among = everything[kept]
    # a sample that stands alone is a group of its own
    groups = among if units is None else units[among]
    number = grouped_folds(classes[among], groups, max(n, 1), stream(data, 4))
    found = [among[number == fold] for fold in range(n)]
    if n < 2 or not all(map(len, found)):
        most = len(np.unique(groups))
        law = "folds must be at least two, and no more than what can be parted"
        raise InputError([Fault("--folds", law, f"{n}, of {most} groups or samples", "give another number")])
    return [Fold(f"fold {index}", part) for index, part in enumerate(found, start=1)]
