"""The validation of the profiles as a document: what was predicted, what was measured, and what that confirms."""

from __future__ import annotations

from hwsearch.hardware.validation.compare import FACTOR, MEMORY_WITHIN, RANK_CORRELATION, Row, Validation

COMMAND = "hwsearch profiles validate --to benchmarks/results/validation.md"

_HEAD = f"""\
# Validation of the hardware profiles

Rebuilt by `{COMMAND}`. A fitted point gave its profile a constant: its factor tells nothing about others.
Where a source leaves something open (a spike rate, the bits of a weight), the range that Remarks state gives an
interval; it confirms nothing unless both of its ends are within the factor, and contradicts only if it is wholly
outside and on one side.
Confirmed: memory within {MEMORY_WITHIN:.0%}, time, power and energy within a factor of {FACTOR:g}.

| point | device | network | quantity | predicted | measured | factor | kind | confirmed | source |
|---|---|---|---|---|---|---|---|---|---|"""


def validation_table(found: Validation) -> str:
    """Return the report as Markdown."""
    lines = [_HEAD, *(_line(row) for row in found.rows)]
    lines += ["", *_summary(found), "", "## Points that no profile reaches", ""]
    lines += [f"- {points}: {why}" for points, why in found.unreached.items()]
    remarks = sorted(
        {f"{row.point.id} ({row.point.column}): {row.point.remark}" for row in found.rows if row.point.remark}
    )
    lines += ["", "## Remarks and sources", "", *(f"- {remark}" for remark in remarks)]
    lines += [f"- {key}: {text}" for key, text in found.sources.items()]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    point = row.point
    kind = "fitted" if point.fitted else "interval" if row.interval else "predicted"
    verdict = "" if point.fitted or row.good is None else "yes" if row.good else "no"
    predicted = "unknown" if row.low is None else f"{_ends(row.low, row.high, '.4g')} {point.unit}"
    factor = _ends(row.factors[0], row.factors[-1], ".3g" if row.interval else ".2f") if row.factors else ""
    cells = (
        point.id, point.profile, point.name, point.column, predicted, f"{point.measured:.4g} {point.unit}", factor,
        kind, verdict, point.source,
    )  # fmt: skip
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def _ends(low: float, high: float | None, form: str) -> str:
    single = high is None or high == low
    return f"{low:{form}}" if single else f"{low:{form}} to {high:{form}}"


def _summary(found: Validation) -> list[str]:
    lines = []
    for unit, what in (("B", "memory"), ("s", "time"), ("W", "power"), ("J", "energy")):
        rows = [row for row in found.rows if row.free and row.factors and row.point.unit == unit]
        factors = [row.factors[0] for row in rows]
        if factors:
            span = f"factors {min(factors):.2f} to {max(factors):.2f}"
            good = sum(bool(row.good) for row in rows)
            lines.append(f"- {what}: {good} of {len(rows)} predicted points confirmed, {span}")
    swept = [row for row in found.rows if row.interval]
    if swept:
        good = sum(row.good is True for row in swept)
        bad = sum(row.good is False for row in swept)
        lines.append(f"- intervals: {good} of {len(swept)} confirmed, {bad} contradicted")
    rank = found.rank_correlation
    if rank is not None:
        verdict = "enough" if rank >= RANK_CORRELATION else "too little"
        count = sum(row.free and row.low is not None and row.point.unit == "J" for row in found.rows)
        lines.append(
            f"- rank correlation of the {count} predicted energies: {rank:.2f} ({verdict}: {RANK_CORRELATION} is asked)"
        )
    bad_energy = {row.point.profile for row in found.rows if row.point.unit == "J" and row.good is False}
    if bad_energy:
        names = ", ".join(sorted(bad_energy))
        lines.append(f"- energy is labelled uncalibrated on {names}, and wherever no point reaches")
    return lines
