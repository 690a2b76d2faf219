"""How a quantity is called, which unit an axis shows it in, how one value is spelt. Not for arithmetic on costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

UNKNOWN = "\N{EN DASH}"
_TITLES = {
    "error": "Validation error",
    "accuracy_val": "Validation accuracy",
    "accuracy_test": "Test accuracy",
    "memory_bytes": "Memory",
    "weight_bytes": "Memory for weights",
    "bias_bytes": "Memory for biases and thresholds",
    "state_bytes": "Memory for neuron state",
    "buffer_bytes": "Memory for buffers",
    "synaptic_ops": "Synaptic operations per inference",
    "macs": "Multiply-accumulates per inference",
    "energy_j": "Energy per inference",
    "latency_s": "Latency per inference",
}
_SHARES = ("accuracy", "error", "sparsity", "score")
_SCORES = {"macro_f1": "macro F1"}
_MOST_DECIMALS, _MOST_COLUMN_DECIMALS = 12, 3
_SI = {-15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}


@dataclass(frozen=True)
class Unit:
    """The unit of an axis.

    Attributes:
        name: ``KiB``, ``µJ``; empty for a plain count.
        size: How many of the quantity's own unit (byte, joule, second) it is.
    """

    name: str
    size: float


def title(name: str) -> str:
    """Return what people call a quantity; a memory bank's ``ram_bytes`` is ``Memory bank ram``."""
    if name not in _TITLES and name.endswith("_bytes"):
        return f"Memory bank {name.removesuffix('_bytes')}"
    return _TITLES.get(name, name.replace("_", " ").capitalize())


def score_words(score: str) -> str:
    """Return what people call a score: ``balanced accuracy``, ``macro F1``."""
    return _SCORES.get(score, score.replace("_", " "))


def short(name: str) -> str:
    """Return a quantity in a word or two: ``energy``, ``synaptic operations``."""
    return title(name).lower().removeprefix("validation ").removesuffix(" per inference")


def axis_unit(name: str, values: Sequence[float]) -> Unit:
    """Return the unit in which the middle of ``values`` is a number from 1 to 1000."""
    known = sorted(v for v in values if v > 0)
    middle = known[len(known) // 2] if known else 1.0
    if name == "error":
        return Unit("%", 0.01)
    if name.endswith("_bytes"):
        return Unit("KiB", 1024.0) if middle >= 512 else Unit("bytes", 1.0)
    if name.endswith(("_j", "_s")):
        power = _si_power(middle)
        return Unit(f"{_SI[power]}{'J' if name.endswith('_j') else 's'}", 10.0**power)
    power = max(0, _si_power(middle))
    return Unit({0: "", 3: "thousands", 6: "millions", 9: "billions"}[power], 10.0**power)


def log_ticks(low: float, high: float) -> list[float]:
    """Return round numbers from ``low`` to ``high`` (both above 0), about evenly spread on a log axis."""
    ratio = high / low
    steps = (1, 2, 3, 5, 7) if ratio < 25 else (1, 2, 5) if ratio < 300 else (1,)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    # k / 10^n is rounder than k * 10^-n
    marks = [k * 10.0**n if n >= 0 else k / 10.0**-n for n in powers for k in steps]
    return [mark for mark in marks if low <= mark <= high]


def axis_title(name: str, unit: Unit) -> str:
    """Return an axis's title: ``Energy per inference (µJ)``; a plain count says so."""
    return f"{title(name)} ({unit.name or 'count'})"


def spell(name: str, value: float | None) -> str:
    """Return a value with its unit and as many digits as a person reads: ``1.9 KiB``, ``120 nJ``, ``97.2 %``.

    Args:
        name: The quantity (``memory_bytes``); its ending says the unit.
        value: In that unit (an accuracy or error in 0 .. 1); None or NaN: not known.
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if name.startswith(_SHARES):
        return percent(value)
    if name.endswith("_bytes"):
        return _bytes(value)
    if name.endswith(("_j", "_s")):
        return si(value, "J" if name.endswith("_j") else "s")
    return count(value)


def percent(value: float) -> str:
    """Return a share in percents: ``97.2 %``; what is not all does not read 100, nor what is not nothing 0."""
    return f"{100 * value:.{_percent_decimals([value])}f} %"


def column(name: str, values: Sequence[float | None]) -> tuple[str, list[str]]:
    """Return the unit of a table's column and its cells: one unit, in which the smallest value keeps its digits.

    Args:
        name: The quantity (``energy_j``); its ending says the unit.
        values: In that unit; None or NaN is not known: its cell is empty.

    Returns:
        The unit (``uJ``; empty for a count) and a cell for each value: three digits at least of costs, two of counts.
        What lies too far apart for one unit is written with exponents.
    """
    known = [None if value is None or not math.isfinite(value) else float(value) for value in values]
    numbers = [value for value in known if value is not None]
    if name.startswith(_SHARES):
        decimals = _percent_decimals(numbers)
        return "%", ["" if value is None else f"{100 * value:.{decimals}f}" for value in known]
    base = {"_j": "J", "_s": "s"}.get(name[-2:], "")
    power, digits = _column_scale([abs(value) for value in numbers if value], bool(base))
    unit = f"{_SI[power].replace('µ', 'u')}{base}"
    style = ".2e" if digits is None else f",.{digits}f"
    return unit, ["" if value is None else format(value / 10.0**power, style) for value in known]


def si(value: float, unit: str) -> str:
    """Return ``value`` with an SI prefix and three digits: ``1.12 µJ``."""
    power = _si_power(value)
    scaled = value / 10.0**power
    # 999.7 nJ would be spelt 1e+03 nJ
    if abs(float(f"{scaled:.3g}")) >= 1000 and power + 3 in _SI:
        power, scaled = power + 3, scaled / 1000
    return f"{plain(scaled)} {_SI[power]}{unit}"


def count(value: float) -> str:
    """Return a count with separators: ``60,000``; from a million on, ``2.35 million``."""
    if abs(value) >= 999_500:
        size, word = (1e9, "billion") if abs(value) >= 999.5e6 else (1e6, "million")
        return f"{plain(value / size)} {word}"
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 100 else plain(value)


def plain(value: float) -> str:
    """Return three digits, with an exponent for the tiniest only: ``1.12``, ``18.4``, ``1,234``."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else UNKNOWN
    rounded = float(f"{value:.3g}")
    decimals = max(0, 2 - math.floor(math.log10(abs(rounded))))
    if decimals > _MOST_DECIMALS:
        return f"{value:.3g}"
    text = f"{rounded:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def times(reference: float | None, value: float | None, more: str, less: str) -> str:
    """Return how ``value`` compares with ``reference``: ``9.7 times smaller``; empty where that cannot be said."""
    if reference is None or value is None or reference <= 0 or value <= 0:
        return ""
    ratio = reference / value
    if 0.995 < ratio < 1.005:
        return "the same"
    factor, word = (ratio, less) if ratio > 1 else (1 / ratio, more)
    digits = f"{factor:,.0f}" if factor >= 100 else f"{factor:.1f}" if factor >= 1.1 else f"{factor:.2f}"
    return f"{digits} times {word}"


def duration(seconds: float) -> str:
    """Return a span for people: ``42 s``, ``12 min``, ``3.4 h``."""
    if seconds < 99.5:
        return f"{plain(seconds)} s"
    return f"{seconds / 60:.0f} min" if seconds < 5970 else f"{seconds / 3600:.1f} h"


def _bytes(value: float) -> str:
    if abs(value) < 1024:
        return f"{value:.0f} B"
    size, unit = (1024**2, "MiB") if abs(value) >= 1024**2 else (1024, "KiB")
    scaled = value / size
    return f"{scaled:,.0f} {unit}" if scaled >= 99.95 else f"{scaled:.1f} {unit}"


def _si_power(value: float) -> int:
    if value == 0 or not math.isfinite(value):
        return 0
    return min(max(_SI), max(min(_SI), 3 * math.floor(math.log10(abs(value)) / 3 + 1e-12)))


def _percent_decimals(shares: Sequence[float]) -> int:
    """Return the fewest decimals (from 1 on) with which no share reads 0 % or 100 % that is not."""
    between = [share for share in shares if share not in (0, 1)]
    for decimals in range(1, 6):
        if not any(float(f"{100 * share:.{decimals}f}") in (0, 100) for share in between):
            return decimals
    return 6


def _column_scale(sizes: Sequence[float], prefixed: bool) -> tuple[int, int | None]:
    """Return the power of ten of a column's unit, and its decimals; None: there is no unit for all, so exponents.

    Args:
        sizes: What is known, and not 0.
        prefixed: Whether the unit takes a prefix; else it is that of a count.
    """
    if not sizes:
        return 0, 0
    least, middle, digits = min(sizes), sorted(sizes)[len(sizes) // 2], 2 if prefixed else 1
    powers = range(_si_power(middle), _si_power(least) - 1, -3) if prefixed else [0]
    for power in powers:
        decimals = max(0, digits - math.floor(math.log10(least / 10.0**power)))
        if decimals <= _MOST_COLUMN_DECIMALS and (max(sizes) / 10.0**power < 1e6 or not prefixed):
            return power, decimals
    return 0, None
