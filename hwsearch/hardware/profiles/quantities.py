"""Physical quantities at the YAML border: value, unit, grade, source; SI units on request.

Not for knowing which quantities a profile has: `sections` and `model_sections` say that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool

from hwsearch.hardware.device import Grade
from hwsearch.study.units import UNITS
from hwsearch.study.yaml_border import broken

Spelling = TypeVar("Spelling", bound=str)


class Section(BaseModel):
    """A part of the file: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Number(Section):
    """A physical quantity; ``value: null`` says that it is unknown."""

    value: Annotated[float, Field(ge=0)] | None
    unit: str
    grade: Grade
    source: str
    conditions: str = ""

    def si(self) -> float | None:
        """Return the value in SI units."""
        return None if self.value is None else self.value * _factor(self.unit)

    def text(self) -> str:
        """Return the number as written."""
        return "unknown" if self.value is None else f"{self.value:.12g} {self.unit}"


class Menu(Section):
    """Several values to choose from."""

    value: Annotated[tuple[Annotated[int, Field(ge=1, le=32)], ...], Field(min_length=1, max_length=32)]
    unit: Literal["bit"]
    grade: Grade
    source: str
    conditions: str = ""

    def si(self) -> tuple[float, ...]:
        """Return the values in SI units."""
        return self.value

    def text(self) -> str:
        """Return the values as written."""
        return f"{', '.join(map(str, self.value))} {self.unit}"


class Series(Section):
    """Several counts in an order, core by core."""

    value: Annotated[tuple[Annotated[int, Field(ge=0, le=2**40)], ...], Field(min_length=1, max_length=4096)]
    unit: Literal["count"]
    grade: Grade
    source: str
    conditions: str = ""

    def si(self) -> tuple[float, ...]:
        """Return the values."""
        return self.value

    def text(self) -> str:
        """Return the values as written."""
        return f"{', '.join(f'{value:,}' for value in self.value)} {self.unit}"


class Word(Section, Generic[Spelling]):
    """A property that is told by a word; ``value: null`` says that it is unknown."""

    value: Spelling | None
    grade: Grade
    source: str
    conditions: str = ""

    def si(self) -> Spelling | None:
        """Return the word: it has no unit."""
        return self.value

    def text(self) -> str:
        """Return the word as written."""
        return self.value or "unknown"


class Ability(Section):
    """Whether the device can do something; ``value: null`` says that it is unknown."""

    value: StrictBool | None
    grade: Grade
    source: str
    conditions: str = ""

    def si(self) -> bool | None:
        """Return whether it can: that has no unit."""
        return self.value

    def text(self) -> str:
        """Return the answer as a word."""
        return {True: "yes", False: "no", None: "unknown"}[self.value]


def quantities(
    section: BaseModel, place: str = ""
) -> Iterator[tuple[str, Number | Menu | Series | Word[Any] | Ability]]:
    """Yield (dotted place, quantity) for every quantity of a section, in the file's order."""
    for name in type(section).model_fields:
        value = getattr(section, name)
        for index, item in enumerate(value if isinstance(value, tuple) else (value,)):
            here = f"{place}{name}" + (f".{getattr(item, 'name', index)}" if isinstance(value, tuple) else "")
            if isinstance(item, Number | Menu | Series | Word | Ability):
                yield here, item
            elif isinstance(item, BaseModel):
                yield from quantities(item, here + ".")


def _factor(unit: str) -> float:
    return next(units[unit] for units in UNITS.values() if unit in units)


LIMITS: dict[str, tuple[float, float]] = {
    "energy": (1e-24, 1e3),
    "energy per bit": (1e-24, 1.0),
    "energy per squared bit": (1e-24, 1.0),
    "power": (1e-15, 1e6),
    "time": (1e-15, 1e4),
    "operations": (1.0, 1e21),
    "bandwidth": (1.0, 1e18),
    "frequency": (1e-3, 1e12),
    "memory": (1.0, 2.0**50),
    "width": (1.0, 64.0),
    "cycles": (1e-6, 1e9),
    "count": (1.0, 2.0**40),
    "share": (1e-9, 1e6),
}
"""Smallest and largest value of each kind that a device is believed to have, in SI units; 0 too where it may be none.

Beyond them products of a price leave what floats hold, and costs would be 0 or infinite.
"""


def _in(kind: str, *, whole: bool = False, known: bool = False, nonzero: bool = False) -> AfterValidator:
    """Return the check that a number has a unit of its kind and can be believed, is whole, known, or not zero."""
    least, most = LIMITS[kind]

    def checked(number: Number) -> Number:
        units = UNITS[kind]
        if number.unit not in units:
            raise broken(
                f"a unit of {kind} must be one of {', '.join(units)}", repr(number.unit), at=("unit",)
            )
        if known and not number.value:
            raise broken("this number must be known and above zero", repr(number.value), at=("value",))
        if nonzero and number.value == 0:
            law = "this number must be above zero, or null where it is unknown"
            raise broken(law, repr(number.value), "write null", at=("value",))
        si = number.si()
        if si is not None and not (si == 0 or least <= si <= most):
            law = f"a quantity of {kind} must lie in {least:g} .. {most:g} (in SI units)"
            raise broken(law, number.text(), at=("value",))
        if whole and si is not None and si != int(si):
            raise broken("this must be a whole number", f"{number.value} {number.unit}", at=("value",))
        return number

    return AfterValidator(checked)


Energy = Annotated[Number, _in("energy")]
EnergyPerBit = Annotated[Number, _in("energy per bit")]
EnergyPerBit2 = Annotated[Number, _in("energy per squared bit")]
Power = Annotated[Number, _in("power")]
Frequency = Annotated[Number, _in("frequency", nonzero=True)]
Memory = Annotated[Number, _in("memory", whole=True)]
BankBytes = Annotated[Number, _in("memory", whole=True, nonzero=True)]
Capacity = Annotated[Number, _in("memory", whole=True, known=True)]
Width = Annotated[Number, _in("width", whole=True, known=True)]
CycleCount = Annotated[Number, _in("cycles")]
Count = Annotated[Number, _in("count", whole=True)]
Share = Annotated[Number, _in("share")]
Time = Annotated[Number, _in("time")]
Places = Annotated[Number, _in("count", whole=True, nonzero=True)]
"""How many of something there is room for: what is divided among them needs one at least."""
Rate = Annotated[Number, _in("operations", nonzero=True)]
Bandwidth = Annotated[Number, _in("bandwidth", nonzero=True)]
