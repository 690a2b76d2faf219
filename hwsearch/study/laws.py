"""The laws of single values in a study, each in the words that an engineer reads when it is broken.

Not for laws between values: those stand with their section.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

from hwsearch.graph.spelling import MOST
from hwsearch.study.units import kind_of, read_quantity, read_share
from hwsearch.study.yaml_border import broken

WEIGHT_BITS = (*range(1, 9), 16)
BUDGETS = ("memory_bytes", "weight_bytes", "state_bytes", "synaptic_ops", "macs", "energy_j", "latency_s")

Granularity = Literal["weight", "nm:4", "nm:8", "nm:16", "block:4", "block:8", "kernel", "channel"]
FinderName = Literal["magnitude", "iterative", "early_bird", "early_time", "multi_prize"]
Score = Literal["accuracy", "balanced_accuracy", "macro_f1"]
Objective = Literal["error", "energy_j", "memory_bytes", "latency_s", "synaptic_ops"]


def law(text: str, holds: Callable[[Any], object]) -> AfterValidator:
    """Return a validator that refuses, with the law's words, a value for which it does not hold."""

    def refuse(value: Any) -> Any:
        if not holds(value):
            raise ValueError(text)
        return value

    return AfterValidator(refuse)


def share(text: str, holds: Callable[[float], object], *, bare_one: bool = False) -> BeforeValidator:
    """Return a validator of a share: a fraction, or a percentage as text; ``1%`` and ``0.01`` are one value.

    A bare number from 1 on is refused, with both things that it could mean: people type percents.

    Args:
        text: The law.
        holds: Whether it holds for a fraction.
        bare_one: Whether a bare 1 is allowed, since it has a meaning that is no percentage ("1: none is").
    """

    def read(value: Any) -> Any:
        percents = False
        if isinstance(value, str):
            found = read_share(value)
            if found is None:
                raise broken(text, todo="write a fraction (0.01) or a percentage (1%)")
            value, percents = found
        elif isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            return value  # the type says what is wrong
        unclear = value >= 1 and not percents and not (bare_one and value == 1)
        if unclear or not holds(value):
            law = f"{text}, and it must be plain whether percents are meant" if unclear else text
            raise broken(law, todo=_readings(value, holds) if unclear else "")
        return float(value)

    return BeforeValidator(read)


def _readings(value: float, holds: Callable[[float], object]) -> str:
    """Return both things that a bare number from 1 on could mean, and how to write those that are allowed."""
    small, large = f"{value:.12g}%", f"{100 * value:.12g}%"
    fraction = f" or {value / 100:.12g}" if value < 100 else ""
    first = f" (write {small}{fraction})" if holds(value / 100) else ""
    second = f" (write {large})" if holds(value) else ""
    return f"{value:.12g} could mean {small.replace('%', ' %')}{first} or {large.replace('%', ' %')}{second}"


def sides(text: str, *words: str) -> Callable[[Any], Any]:
    """Return a reader of two sides, which may be one number; words stand for themselves."""

    def read(value: Any) -> Any:
        if isinstance(value, str) and value in words:
            return value
        pair = [value, value] if isinstance(value, int) else value
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise broken(text)
        if not all(type(side) is int and 1 <= side <= MOST for side in pair):
            raise broken(f"{text}; each in 1 .. {MOST}")
        return tuple(pair)

    return read


def _limit(named: Any) -> Any:
    """Read a budget, which comes with its name: the name says which units it may have."""
    name, value = named
    kind, got = kind_of(name), json.dumps(value)
    if isinstance(value, str):
        if kind == "count":
            raise broken("this budget is a count and takes no unit", got, "write a plain number")
        try:
            value = read_quantity(value, kind)
        except ValueError as error:
            raise broken(f"a budget of {kind} must be a number or carry its unit", got, str(error)) from None
    if isinstance(value, int | float) and value <= 0:
        raise broken("a budget must be above 0", got)
    if isinstance(value, int | float) and math.isfinite(value) and not 1e-30 <= value <= 1e30:
        raise broken("a budget must lie in 1e-30 .. 1e30", got)
    return value


MOST_COUNT = 1_000_000
"""Candidates, epochs, samples of a step: no search of this kind asks for more."""
SMALLEST, LARGEST = 1e-12, 1e12
"""Of learning rates, gains, thresholds: beyond them floats of 32 bits lose what is added to them."""

Name = Annotated[
    str,
    law(
        "a name must be letters, digits, _ and -, beginning with a letter or digit, 100 letters at most",
        re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}").fullmatch,
    ),
]
Population = Annotated[
    str,
    law(
        "a population's name must be letters, digits and _, beginning with a letter, 32 at most",
        re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}").fullmatch,
    ),
]
Seed = Annotated[int, law("a seed must lie in 0 .. 2**32 - 1", lambda v: 0 <= v < 2**32)]
Count = Annotated[
    int,
    law("a count must be at least 1", lambda v: v >= 1),
    law(f"a count may be {MOST_COUNT:,} at most", lambda v: v <= MOST_COUNT),
]
Channels = Annotated[int, law(f"a number of channels must lie in 1 .. {MOST}", lambda v: 1 <= v <= MOST)]
Sides = Annotated[
    tuple[int, int], BeforeValidator(sides("sides must be a number, or a list of two: down and across"))
]
Window = Annotated[
    tuple[int, int] | Literal["global"],
    BeforeValidator(sides("a window must be a number, a list of two (down and across) or global", "global")),
]
Said = Annotated[bool, law("it must be true, or left out", lambda v: v)]
Positive = Annotated[
    float,
    law("the value must be above 0", lambda v: v > 0),
    law(f"the value must lie in {SMALLEST:g} .. {LARGEST:g}", lambda v: SMALLEST <= v <= LARGEST),
]
WRITTEN = PlainSerializer(lambda v: "100%" if v == 1 else v, return_type=float | str, when_used="json")
"""How a share is written where a bare 1 is refused."""
Fraction = Annotated[float, share("a fraction must lie in (0, 1)", lambda v: 0 < v < 1)]
Share = Annotated[float, share("a share must lie in [0, 1]", lambda v: 0 <= v <= 1), WRITTEN]
Accuracy = Annotated[
    float, share("an accuracy or its loss must lie in [0, 1]", lambda v: 0 <= v <= 1), WRITTEN
]
Chance = Annotated[float, share("a chance must lie in (0, 1)", lambda v: 0 < v < 1), WRITTEN]
Step = Annotated[float, share("step must lie in (0, 1)", lambda v: 0 < v < 1)]
Sparsity = Annotated[float, share("sparsity must lie in [0, 1)", lambda v: 0 <= v < 1)]
WeightBits = Annotated[int, law("weight_bits must lie in 1 .. 8, or be 16", lambda v: v in WEIGHT_BITS)]
StateBits = Annotated[int, law("state_bits must lie in 4 .. 32", lambda v: 4 <= v <= 32)]
Timesteps = Annotated[int, law("timesteps must lie in 1 .. 64", lambda v: 1 <= v <= 64)]
ReadoutLeak = Annotated[int, law("leak_shift of a readout must lie in 1 .. 8", lambda v: 1 <= v <= 8)]
InputBits = Annotated[int, law("input_bits must lie in 1 .. 8", lambda v: 1 <= v <= 8)]
Budget = Annotated[float, BeforeValidator(_limit)]
BudgetName = Annotated[
    str,
    law(
        f"a budget must be one of {', '.join(BUDGETS)}, or a memory bank's name and _bytes",
        lambda v: v in BUDGETS or re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_]{0,99}_bytes", v),
    ),
]
MOST_VALUES = 1000
some = law("a list may not be empty", lambda v: len(v) > 0)
few = law(f"a list may have {MOST_VALUES} values at most", lambda v: len(v) <= MOST_VALUES)
unique = law("a list may not repeat a value", lambda v: len(set(v)) == len(v))
