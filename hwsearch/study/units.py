"""Units: what one of each is in SI units, and numbers that a person writes with one (``16 KiB``, ``20 uJ``, ``1 %``).

The same spellings hold in studies, profiles and on the command line. Not for how numbers are shown:
`report.quantities`.
"""

from __future__ import annotations

import re
from decimal import Decimal

UNITS: dict[str, dict[str, float]] = {
    "energy": {"pJ": 1e-12, "nJ": 1e-9, "uJ": 1e-6, "mJ": 1e-3, "J": 1.0},
    "energy per bit": {"fJ/bit": 1e-15, "pJ/bit": 1e-12, "nJ/bit": 1e-9},
    "energy per squared bit": {"fJ/bit^2": 1e-15, "pJ/bit^2": 1e-12},
    "power": {"nW": 1e-9, "uW": 1e-6, "mW": 1e-3, "W": 1.0},
    "time": {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0},
    "operations": {"Gop/s": 1e9, "Top/s": 1e12},
    "bandwidth": {"MB/s": 1e6, "GB/s": 1e9},
    "frequency": {"Hz": 1.0, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9},
    "memory": {"B": 1, "kB": 1000, "KiB": 1024, "MB": 1000**2, "MiB": 1024**2},
    "width": {"bit": 1},
    "cycles": {"cycles": 1.0},
    "count": {"count": 1},
    "share": {"ratio": 1.0, "%": 0.01},
}
"""Units accepted for each kind of quantity, and what one of them is in SI units."""

_KINDS = {"_bytes": "memory", "_j": "energy", "_s": "time"}
# one way to read each text, so that no text takes long, and exponents that decimals can be multiplied with
_NUMBER = r"[-+]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][-+]?[0-9]{1,3})?"
_SHARE = re.compile(rf"\s*({_NUMBER})\s*(%?)\s*")
_QUANTITY = re.compile(rf"\s*({_NUMBER})\s*([^\d\s.+-]\S*)\s*")


def kind_of(name: str) -> str:
    """Return the kind of a quantity by its name's ending: ``ram_bytes`` is memory; a plain count is ``count``."""
    return next((kind for ending, kind in _KINDS.items() if name.endswith(ending)), "count")


def read_share(text: str) -> tuple[float, bool] | None:
    """Return a share and whether it was written in percents: ``1%`` and ``0.01`` are one number; None: it is none."""
    match = _SHARE.fullmatch(text)
    if match is None:
        return None
    # in decimals, so that 0.7% is the same number as 0.007
    number = Decimal(match[1])
    return (float(number / 100), True) if match[2] else (float(number), False)


def read_quantity(text: str, kind: str) -> float:
    """Return a quantity that is written with its unit, in SI units: ``16 KiB`` is 16384.

    Args:
        text: A number and a unit; blanks between them do not matter.
        kind: One of ``UNITS``.

    Raises:
        ValueError: The text is no such thing, or its unit is of another kind; the message says what is.
    """
    match, units = _QUANTITY.fullmatch(text), UNITS[kind]
    if match is None:
        raise ValueError(f"write a number and a unit: {', '.join(units)}")
    unit = match[2].replace("\N{MICRO SIGN}", "u").replace("\N{GREEK SMALL LETTER MU}", "u")
    if unit in units:
        return float(Decimal(match[1]) * Decimal(str(units[unit])))
    other = [name for name, of_kind in UNITS.items() if unit in of_kind]
    if other:
        raise ValueError(f"{unit} is a unit of {other[0]}; units of {kind}: {', '.join(units)}")
    near = [known for known in units if known[0].lower() == unit[0].lower()]
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    raise ValueError(f"{meant}units of {kind}: {', '.join(units)}")
