"""Predicted next to measured: the published points that the profiles can reach.

Points are data (``validation/points.yaml`` beside the profiles); each is priced by `price`, as any
candidate is. Not for fitting: no constant is changed here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import Field

from hwsearch.errors import InputError
from hwsearch.hardware.cost_model import cost_fields, price
from hwsearch.hardware.models import Npu
from hwsearch.hardware.profile import load_profile, profile_folders
from hwsearch.hardware.units import Section
from hwsearch.hardware.workload import LayerWork, OpCounts, WeightCensus, Workload
from hwsearch.study.yaml_border import read_yaml, validate

MEMORY_WITHIN = 0.3
"""Largest relative error of a memory that counts as confirmed."""
ENERGY_FACTOR = 3.0
"""Largest factor of an energy that counts as confirmed."""
RANK_CORRELATION = 0.9
"""Least rank correlation of energies that counts as confirmed."""
COMMAND = "hwsearch profiles validate --to docs/validation.md"


class PointSection(Section):
    """One published number (see the file's head)."""

    id: int | str
    profile: str
    name: str
    column: Literal["memory_bytes", "weight_bytes", "latency_s", "energy_j"]
    measured: Annotated[float, Field(gt=0)]
    unit: Literal["B", "s", "J"]
    source: str
    fitted: bool = False
    assumed: bool = False
    remark: str = ""
    macs: int | None = None
    layers: tuple[int, ...] = ()
    recurrent: tuple[int, ...] = ()
    bits: int = 8
    timesteps: int = 1
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
        predicted: By the profile; None: the profile cannot tell.
    """

    point: PointSection
    predicted: float | None

    @property
    def factor(self) -> float | None:
        """Predicted over measured."""
        return None if self.predicted is None else self.predicted / self.point.measured

    @property
    def free(self) -> bool:
        """Whether nothing of the point, and no guess, went into its prediction."""
        return not (self.point.fitted or self.point.assumed)

    @property
    def good(self) -> bool:
        """Whether the point is within what counts as confirmed."""
        factor = self.factor
        if factor is None:
            return False
        if self.point.unit == "B":
            return abs(factor - 1) <= MEMORY_WITHIN
        return max(factor, 1 / factor) <= ENERGY_FACTOR


@dataclass(frozen=True)
class Validation:
    """Every point that can be reached, and the reasons for those that cannot."""

    rows: tuple[Row, ...]
    unreached: Mapping[str, str]
    sources: Mapping[str, str]

    @property
    def rank_correlation(self) -> float | None:
        """Spearman's correlation of energies, fitted and assumed points left out; None: below 3 points."""
        pairs = [
            (row.predicted, row.point.measured)
            for row in self.rows
            if row.point.unit == "J" and row.free and row.predicted is not None
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
    rows = tuple(Row(point, _predict(point)) for point in parsed.points)
    return Validation(rows, parsed.unreached, parsed.sources)


def validation_table(found: Validation) -> str:
    """Return the report as Markdown."""
    lines = [
        "# Validation of the hardware profiles",
        "",
        f"Rebuilt by `{COMMAND}`. A fitted point gave its profile a constant: its factor tells nothing about others.",
        "For an assumed network a part of the shape or the bits is a guess: its factor confirms nothing.",
        f"Confirmed: memory within {MEMORY_WITHIN:.0%}, time and energy within a factor of {ENERGY_FACTOR:g}.",
        "",
        "| point | device | network | quantity | predicted | measured | factor | kind | confirmed | source |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in found.rows:
        point = row.point
        told = "unknown" if row.predicted is None else f"{row.predicted:.4g} {point.unit}"
        factor = "" if row.factor is None else f"{row.factor:.2f}"
        kind = "fitted" if point.fitted else "assumed network" if point.assumed else "predicted"
        cells = (
            point.id, point.profile, point.name, point.column, told, f"{point.measured:.4g} {point.unit}", factor,
            kind, "" if not row.free else "yes" if row.good else "no", point.source,
        )  # fmt: skip
        lines.append(f"| {' | '.join(str(cell) for cell in cells)} |")
    lines += ["", *_summary(found), "", "## Points that no profile reaches", ""]
    lines += [f"- {points}: {why}" for points, why in found.unreached.items()]
    remarks = sorted(
        {f"{row.point.id} ({row.point.column}): {row.point.remark}" for row in found.rows if row.point.remark}
    )
    lines += ["", "## Remarks and sources", "", *(f"- {remark}" for remark in remarks)]
    lines += [f"- {key}: {text}" for key, text in found.sources.items()]
    return "\n".join(lines) + "\n"


def _summary(found: Validation) -> list[str]:
    free = [row for row in found.rows if row.free and row.factor is not None]
    lines = []
    for unit, what in (("B", "memory"), ("s", "time"), ("J", "energy")):
        own = [row for row in free if row.point.unit == unit]
        good = sum(row.good for row in own)
        factors = [row.factor for row in own if row.factor is not None]
        if factors:
            span = f"factors {min(factors):.2f} to {max(factors):.2f}"
            lines.append(f"- {what}: {good} of {len(own)} predicted points confirmed, {span}")
    rank = found.rank_correlation
    if rank is not None:
        verdict = "enough" if rank >= RANK_CORRELATION else "too little"
        lines.append(
            f"- rank correlation of predicted energies: {rank:.2f} ({verdict}: {RANK_CORRELATION} is asked)"
        )
    energies = [row for row in found.rows if row.point.unit == "J" and not row.point.fitted]
    bad = sorted({row.point.profile for row in energies if not row.good})
    if bad:
        lines.append(f"- energy is labelled uncalibrated on {', '.join(bad)}, and wherever no point reaches")
    return lines


def _predict(point: PointSection) -> float | None:
    profile = load_profile(point.profile)
    if point.macs is not None:
        cost = price(_dense_pass(point.macs), profile)
    elif point.packed is not None:
        model = profile.model
        assert isinstance(model, Npu)
        per_layer = replace(profile, model=replace(model, node_bytes=(model.node_bytes or 0) * point.nodes))
        return float(price(_weights_of(point.packed), per_layer).weight_bytes)
    else:
        cost = price(_mlp(point), profile)
    value: Any = cost_fields(cost)[point.column]
    return None if value is None else float(value)


def _dense_pass(macs: int) -> Workload:
    """Return one pass of a dense network: multiply-accumulates and nothing else."""
    ops = OpCounts(macs, macs, (macs, macs), macs)
    layer = LayerWork("net", "readout", "fc", True, 8, _census(1, 1), 0, 1, ops, 1.0, 0.0)
    return Workload(0, 8, (layer,))


def _weights_of(n_bytes: int) -> Workload:
    ops = OpCounts(0, 0, (0, 0), 0)
    layer = LayerWork("net", "readout", "fc", True, 4, _census(1, 2 * n_bytes), 0, 1, ops, 0.0, 0.0)
    return Workload(1, 8, (layer,))


def _mlp(point: PointSection) -> Workload:
    """Return a fully connected network; a recurrent layer stands as a further layer onto itself."""
    shapes = [
        *zip(point.layers, point.layers[1:], strict=False),
        *((width, width) for width in point.recurrent),
    ]
    layers = []
    for index, (n_in, n_out) in enumerate(shapes):
        role = "input" if index == 0 else "readout" if n_out == point.layers[-1] else "hidden"
        ops = OpCounts(n_in * n_out, n_in * n_out, (n_in * n_out,) * 2, n_in * n_out)
        census = _census(n_out, n_in)
        layers.append(
            LayerWork(f"fc{index + 1}", role, "fc", False, point.bits, census, n_out, n_in, ops, n_in, n_out)
        )
    return Workload(point.timesteps, 8, tuple(layers))


def _census(n_out: int, n_in: int) -> WeightCensus:
    size = n_out * n_in
    return WeightCensus(n_out, n_in, 1, size, (size, size), (4, 8, 16), size, (size,) * 7)


def _spearman(pairs: Sequence[tuple[float, float]]) -> float:
    ranks = [_ranks([pair[side] for pair in pairs]) for side in (0, 1)]
    mean = (len(pairs) - 1) / 2
    top = sum((a - mean) * (b - mean) for a, b in zip(*ranks, strict=True))
    spread = [sum((rank - mean) ** 2 for rank in own) for own in ranks]
    return float(top / math.sqrt(spread[0] * spread[1]))


def _ranks(values: Sequence[float]) -> list[float]:
    """Return ranks from 0; equals share their mean rank."""
    ordered = sorted(values)
    return [ordered.index(value) + (ordered.count(value) - 1) / 2 for value in values]
