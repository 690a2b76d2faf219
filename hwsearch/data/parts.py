"""Which samples are for training, validation and test: by the parts of the data, drawn, or by time.

What belongs together stays in one part: groups, equal samples, windows that overlap. Not for what is made of the
samples (`encode`), nor for the draws themselves (`split`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from hwsearch.data.samples import Samples
from hwsearch.data.split import grouped_take, sample_classes, stratified_take
from hwsearch.data.together import joined, overlapping_windows
from hwsearch.data.windows import holders, overlaps, stretches
from hwsearch.errors import Fault, InputError
from hwsearch.study.data_section import called
from hwsearch.study.parts_section import Parts

Ints = npt.NDArray[np.int64]
_N_PARTS = 3


@dataclass(frozen=True, eq=False)
class Split:
    """Which samples are in which part, by index, each rising; what is in none was left out.

    Attributes:
        training, validation, test: Indices.
        how: ``official``, ``stratified`` or ``time``.
        units: [N] numbers of what was kept together; None: nothing was.
        notes: What was left out, and what a reader must know of the draw.
    """

    training: Ints
    validation: Ints
    test: Ints
    how: str
    units: Ints | None
    notes: tuple[str, ...]

    @property
    def parts(self) -> dict[str, Ints]:
        """Indices of each part, by its name."""
        return {"training": self.training, "validation": self.validation, "test": self.test}


def split_samples(data: Parts, samples: Samples, equal: Ints) -> Split:
    """Return the split that a study asks for.

    The test samples are drawn first (where they are not given), then ``train_size`` of the rest, then the validation
    samples of those; each draw has its own stream of ``split_seed``.

    Args:
        data: The study's section.
        samples: All samples.
        equal: Which sample each equals (`together.equal_samples`); [N].

    Raises:
        InputError: There are no official parts though the study names them, ``train_size`` is larger than the data, a
            group cannot stay whole, or a class is missing in a part.
    """
    how = data.split or ("stratified" if samples.official_test is None else "official")
    if how == "official" and samples.official_test is None:
        law = f"split: official needs data with parts, and {called(data)} has none"
        raise InputError([Fault("data.split", law, "official", "leave it out, or use stratified or time")])
    split = _by_time(data, samples) if how == "time" else _drawn(data, samples, equal, how)
    _check_classes(data, samples, split)
    return split


def split_around(data: Parts, samples: Samples, equal: Ints, test: Ints) -> Split:
    """Return a split whose test part is given: validation (its share of the rest) is drawn as the study draws it.

    Args:
        data: The study's section.
        samples: All samples.
        equal: Which sample each equals; [N].
        test: Indices, rising.

    Raises:
        InputError: ``train_size`` is larger than the rest, or a class is missing in training or validation.
    """
    classes, notes = sample_classes(samples.y), list[str]()
    rest = np.setdiff1d(np.arange(len(samples.y)), test)
    if samples.spans is not None:
        rest = _without(samples.spans, rest, test, "other", notes)
    units, kept = units_of(data, samples, equal, rest, notes)
    rest = _train_size(data, classes, rest[kept])
    held_out, training = take(classes, units, rest, data.validation, stream(data, 2), leave=1)
    split = Split(training, held_out, test, "stratified", units, tuple(notes))
    _check_classes(data, samples, split, ("training", "validation"))
    return split


def _drawn(data: Parts, samples: Samples, equal: Ints, how: str) -> Split:
    """Return a split whose validation part is drawn, and its test part where it is not official.

    Where an official test part shares groups with the rest, validation does so too.
    """
    classes, notes = sample_classes(samples.y), list[str]()
    everything = np.arange(len(samples.y))
    official = samples.official_test if how == "official" else None
    if official is None:
        units, kept = units_of(data, samples, equal, everything, notes)
        test, rest = take(classes, units, everything[kept], data.test, stream(data, 0), leave=2)
        # the study gives a share of all samples, and these are those without the test
        validation = data.validation / (1 - data.test)
    else:
        test, rest = np.flatnonzero(official), np.flatnonzero(~official)
        if samples.groups is not None and np.isin(samples.groups[test], samples.groups[rest]).any():
            # what is picked on validation is measured on a test that knows the groups: they are to be alike
            samples = replace(samples, groups=None)
        units, kept = units_of(data, samples, equal, rest, notes)
        rest, validation = rest[kept], data.validation
    rest = _train_size(data, classes, rest)
    held_out, training = take(classes, units, rest, validation, stream(data, 2), leave=1)
    return Split(training, held_out, test, how, units, tuple(notes))


def take(
    classes: Ints, units: Ints | None, of: Ints, fraction: float, rng: np.random.Generator, *, leave: int
) -> tuple[Ints, Ints]:
    """Return a fraction of some samples and the others, classes in proportion, units whole.

    Args:
        classes: Of all samples; [N].
        units: Of all samples; None: each stands alone.
        of: Indices of those to draw from.
        fraction: Of them.
        rng: Where chance comes from.
        leave: See `split.grouped_take`.
    """
    n = int(fraction * len(of) + 0.5)
    if units is None:
        taken, rest = stratified_take(classes[of], n, rng)
    else:
        taken, rest = grouped_take(classes[of], units[of], n, rng, leave=leave)
    return of[taken], of[rest]


def _train_size(data: Parts, classes: Ints, rest: Ints) -> Ints:
    """Return as many of the samples that are no test as the study asks for."""
    if data.train_size is None:
        return rest
    if data.train_size > len(rest):
        law = f"train_size may be {len(rest)} at most, the training samples of {called(data)}"
        raise InputError([Fault("data.train_size", law, str(data.train_size))])
    taken, _ = stratified_take(classes[rest], data.train_size, stream(data, 1))
    return rest[taken]


def units_of(
    data: Parts, samples: Samples, equal: Ints, of: Ints, notes: list[str]
) -> tuple[Ints | None, npt.NDArray[np.bool_]]:
    """Return what belongs together, [N] (None: every sample stands alone), and which of some samples are kept.

    Args:
        data: The study's section.
        samples: All samples.
        equal: Which sample each equals; [N].
        of: Indices of those that are drawn from.
        notes: Gets what a reader must know.
    """
    reasons, kept = list[Ints](), np.ones(len(of), dtype=bool)
    if samples.groups is not None:
        reasons.append(samples.groups)
    if samples.spans is not None:
        chains = overlapping_windows(samples.spans)
        if len(np.unique(chains[of])) < len(of):
            if samples.groups is None:
                chains, kept = _stretches(data, samples, of, chains, notes)
            reasons.append(chains)
    if data.equal_samples == "together" and len(np.unique(equal[of])) < len(of):
        reasons.append(equal)
    return (joined(*reasons) if reasons else None), kept


def _stretches(
    data: Parts, samples: Samples, of: Ints, chains: Ints, notes: list[str]
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return chains of overlapping windows, or, where a class is in too few of them, stretches of recordings."""
    assert samples.spans is not None
    classes = sample_classes(samples.y)
    if min(holders(chains[of], classes[of]).values()) >= _N_PARTS:
        return chains, np.ones(len(of), dtype=bool)
    each = max(_N_PARTS, int(np.ceil(1 / min(data.validation, data.test))))
    found, kept = stretches(samples.spans[of], classes[of], each)
    numbers = np.full(len(samples.y), -1, dtype=np.int64)
    numbers[of] = found
    notes.append(
        f"windows overlap and no group says which belong together: recordings are cut into {len(np.unique(found))} "
        f"stretches, and {int((~kept).sum())} of {len(of)} windows are left out, which would overlap another stretch"
    )
    return numbers, kept


def _by_time(data: Parts, samples: Samples) -> Split:
    """Return a split in the order of the samples: training, validation, test.

    Groups stay whole; windows that overlap one of a later part are left out.

    Raises:
        InputError: No border between parts leaves each group whole.
    """
    n, classes, notes = len(samples.y), sample_classes(samples.y), list[str]()
    borders = _borders(samples.groups, n)
    n_test, n_val = int(data.test * n + 0.5), int(data.validation * n + 0.5)
    inner = borders[1:-1]
    if len(inner) < _N_PARTS - 1:
        law = "split: time needs groups that follow one another, so that each can stay whole"
        todo = "leave group out, or use split: stratified"
        raise InputError([Fault("data.split", law, f"{len(inner) + 1} such pieces", todo)])
    begin_test = int(inner[1:][np.argmin(np.abs(inner[1:] - (n - n_test)))])
    before = inner[inner < begin_test]
    begin_val = int(before[np.argmin(np.abs(before - (n - n_test - n_val)))])
    order = np.arange(n)
    training, validation, test = np.split(order, [begin_val, begin_test])
    if samples.spans is not None:
        validation = _without(samples.spans, validation, test, "validation", notes)
        training = _without(samples.spans, training, np.concatenate([validation, test]), "training", notes)
    if data.train_size is not None:
        rest = _train_size(data, classes, np.concatenate([training, validation]))
        training, validation = rest[rest < begin_val], rest[rest >= begin_val]
    return Split(training, validation, test, "time", None, tuple(notes))


def _borders(groups: Ints | None, n: int) -> Ints:
    """Return where the samples may be cut without parting a group: 0, ..., N."""
    if groups is None:
        return np.arange(n + 1)
    _, number = np.unique(groups, return_inverse=True)
    last = np.zeros(int(number.max()) + 1, dtype=np.int64)
    np.maximum.at(last, number, np.arange(n))
    reach = np.maximum.accumulate(last[number])
    return np.concatenate([[0], np.flatnonzero(reach == np.arange(n)) + 1])


def _without(spans: Ints, some: Ints, later: Ints, name: str, notes: list[str]) -> Ints:
    """Return the windows that share no frame with later ones, and note how many do."""
    shared = overlaps(spans, some, later)
    if shared.any():
        notes.append(f"{int(shared.sum())} {name} windows are left out: they overlap windows of a later part")
    return some[~shared]


def stream(data: Parts, draw: int) -> np.random.Generator:
    """Return the chance of one draw: each has its own stream of ``split_seed``."""
    return np.random.default_rng((data.split_seed, draw))


def _check_classes(
    data: Parts, samples: Samples, split: Split, names: Sequence[str] = ("training", "validation", "test")
) -> None:
    """Refuse a split in which one of the named parts lacks a class."""
    faults = []
    for name in names:
        y = samples.y[split.parts[name]]
        empty = np.flatnonzero(np.bincount(y.ravel(), minlength=samples.classes) == 0)
        if len(empty):
            named = [samples.class_names[label] if samples.class_names else str(label) for label in empty]
            got = f"none of class {', '.join(named)} in the {name} part of {len(y)}"
            law = "each part of the data must have samples of every class"
            faults.append(Fault("data", law, got, _what_to_do(data, samples, split, empty)))
    if faults:
        raise InputError(faults)


def _what_to_do(data: Parts, samples: Samples, split: Split, empty: Ints) -> str:
    """Return what to do about a part that lacks classes."""
    if split.how == "time":
        return "use split: stratified, or change validation or test"
    held = {} if split.units is None else holders(split.units, sample_classes(samples.y))
    few = min((held.get(int(label), 0) for label in empty), default=0)
    if split.units is None or few >= _N_PARTS:
        return "change train_size, validation or test"
    if samples.groups is not None:
        return (
            f"it stands in {few} groups, and each part needs one: add groups, or leave the class or group out"
        )
    todo = f"it stands in {few} pieces that can be parted, and each part needs one: add samples"
    equal = ", or say equal_samples: spread where inputs have so few values that equal ones are no repeats"
    return todo + (equal if data.equal_samples == "together" else "")
