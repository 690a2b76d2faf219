"""Predicted next to measured: the published points that the profiles can reach.

Points are data (``validation/points.yaml`` beside the profiles); each is priced by `price`, as any candidate is. Not
for fitting: no constant is changed here; and not for the table: `report` writes it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import Field

from hwsearch.errors import InputError
from hwsearch.hardware.cost_model import Cost, cost_fields, price
from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.models import Npu
from hwsearch.hardware.profiles.folders import profile_folders
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.hardware.profiles.quantities import Section
from hwsearch.hardware.validation.networks import dense_pass, fully_connected, packed_weights
from hwsearch.study.yaml_border import read_yaml, validate

MEMORY_WITHIN = 0.3
"""Largest relative error of a memory that counts as confirmed."""
FACTOR = 3.0
"""Largest factor of an energy, a time or a power that counts as confirmed."""
RANK_CORRELATION = 0.9
"""Least rank correlation of energies that counts as confirmed."""


class End(Section):
    """One end of the range of what a source does not state."""

    bits: int | None = None
    timesteps: int | None = None
    rate: float | None = None


class PointSection(Section):
    """One published number (see the file's head)."""

    id: int | str
    profile: str
    name: str
    column: Literal["memory_bytes", "weight_bytes", "latency_s", "energy_j", "total_j", "power_w"]
    measured: Annotated[float, Field(gt=0)]
    unit: Literal["B", "s", "J", "W"]
    source: str
    fitted: bool = False
    remark: str = ""
    fc_macs: int = 0
    conv_macs: int = 0
    layers: tuple[int, ...] = ()
    recurrent: tuple[int, ...] = ()
    bits: int = 8
    timesteps: int = 1
    rate: float = 1.0
    ends: tuple[End, ...] = ()
    packed: int | None = None
    nodes: int = 1


class PointsSection(Section):
    """The whole file."""

    points: tuple[PointSection, ...]
    unreached: dict[str, str]
    sources: dict[str, str]


@dataclass(frozen=True)
class Row:
    """One point, priced.

    Attributes:
        point: As published.
        low, high: Predicted by the profile: the same twice, or an interval where the source leaves something open;
            None: the profile cannot tell.
    """

    point: PointSection
    low: float | None
    high: float | None

    @property
    def factors(self) -> tuple[float, ...]:
        """Predicted over measured, at both ends; empty where the profile cannot tell."""
        return tuple(end / self.point.measured for end in (self.low, self.high) if end is not None)

    @property
    def interval(self) -> bool:
        """Whether something that the source leaves open is swept."""
        return bool(self.point.ends)

    @property
    def free(self) -> bool:
        """Whether the point is one prediction, and nothing of it was fitted."""
        return not (self.point.fitted or self.interval)

    @property
    def good(self) -> bool | None:
        """Whether the prediction is within what counts as confirmed; None: one end of an interval is, or none is told.

        A fitted point is good or bad like any other; `free` tells whether that says anything.
        """
        within = [self._within(factor) for factor in self.factors]
        if not within or (any(within) and not all(within)):
            return None
        if self.interval and not within[0] and (self.factors[0] < 1) != (self.factors[1] < 1):
            return None  # the measured value lies between the ends
        return within[0]

    def _within(self, factor: float) -> bool:
        if self.point.unit == "B":
            return abs(factor - 1) <= MEMORY_WITHIN
        return max(factor, 1 / factor) <= FACTOR


@dataclass(frozen=True)
class Validation:
    """Every point that can be reached, and the reasons for those that cannot."""

    rows: tuple[Row, ...]
    unreached: Mapping[str, str]
    sources: Mapping[str, str]

    @property
    def rank_correlation(self) -> float | None:
        """Spearman's correlation of energies, fitted points and intervals left out; None: below 3 points."""
        pairs = [
            (row.low, row.point.measured)
            for row in self.rows
            if row.point.unit == "J" and row.free and row.low is not None
        ]
        return None if len(pairs) < 3 else _spearman(pairs)


def validate_profiles() -> Validation:
    """Price every published point.

    Raises:
        InputError: There is no file of points, or it is faulty.
    """
    path = next(
        (found for folder in profile_folders() if (found := folder / "validation" / "points.yaml").exists()),
        profile_folders()[0] / "validation" / "points.yaml",
    )
    document = read_yaml(path)
    parsed = validate(document, PointsSection, document.data)
    if isinstance(parsed, list):
        raise InputError(parsed)
    profiles = {name: load_profile(name) for name in dict.fromkeys(point.profile for point in parsed.points)}
    rows = tuple(Row(point, *_predict(point, profiles[point.profile])) for point in parsed.points)
    return Validation(rows, parsed.unreached, parsed.sources)


def _predict(point: PointSection, profile: HardwareProfile) -> tuple[float | None, float | None]:
    """Return the ends of what is predicted, the lower first."""
    if not point.ends:
        value = _predict_network(point, profile)
        return value, value
    swept = [point.model_copy(update=end.model_dump(exclude_none=True)) for end in point.ends]
    found = [_predict_network(end, profile) for end in swept]
    known = [value for value in found if value is not None]
    return (min(known), max(known)) if len(known) == len(found) else (None, None)


def _predict_network(point: PointSection, profile: HardwareProfile) -> float | None:
    if point.fc_macs or point.conv_macs:
        return _column(price(dense_pass(point.fc_macs, point.conv_macs), profile), point.column)
    if point.packed is not None:
        model = profile.model
        assert isinstance(model, Npu)
        mapped = replace(profile, model=replace(model, node_bytes=(model.node_bytes or 0) * point.nodes))
        return float(price(packed_weights(point.packed), mapped).weight_bytes)
    network = fully_connected(point.layers, point.recurrent, point.bits, point.timesteps, point.rate)
    return _column(price(network, profile), point.column)


def _column(cost: Cost, column: str) -> float | None:
    """Return one cost; ``total_j`` is energy with the static part, ``power_w`` energy over time."""
    if column == "total_j":
        known = cost.energy_j is not None and cost.static_energy_j is not None
        return (cost.energy_j or 0.0) + (cost.static_energy_j or 0.0) if known else None
    if column == "power_w":
        return None if cost.energy_j is None or not cost.latency_s else cost.energy_j / cost.latency_s
    value = cost_fields(cost)[column]
    return None if value is None else float(value)


def _spearman(pairs: Sequence[tuple[float, float]]) -> float:
    ranks = [_ranks([pair[side] for pair in pairs]) for side in (0, 1)]
    mean = (len(pairs) - 1) / 2
    top = sum((a - mean) * (b - mean) for a, b in zip(*ranks, strict=True))
    spread = [sum((rank - mean) ** 2 for rank in side) for side in ranks]
    return float(top / math.sqrt(spread[0] * spread[1]))


def _ranks(values: Sequence[float]) -> list[float]:
    """Return ranks from 0; equals share their mean rank."""
    ordered = sorted(values)
    return [ordered.index(value) + (ordered.count(value) - 1) / 2 for value in values]
