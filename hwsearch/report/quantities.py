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
_SI = {-12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}


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
    if name.startswith(("accuracy", "error", "sparsity")):
        return f"{100 * value:.1f} %"
    if name.endswith("_bytes"):
        return _bytes(value)
    if name.endswith(("_j", "_s")):
        return si(value, "J" if name.endswith("_j") else "s")
    return count(value)


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
    """Return three digits and never an exponent: ``1.12``, ``18.4``, ``1,234``."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else UNKNOWN
    rounded = float(f"{value:.3g}")
    decimals = max(0, 2 - math.floor(math.log10(abs(rounded))))
    text = f"{rounded:,.{min(decimals, 12)}f}"
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
    return min(9, max(-12, 3 * math.floor(math.log10(abs(value)) / 3 + 1e-12)))
