"""One exported model on several devices: its weights and recorded inputs are counted, every device prices the counts.

Accuracy is not compared: it is that of the integer model at the widths of the run's own device. Whether another device
computes as that model does stands with its notes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hwsearch.export.recorded import run_recorded
from hwsearch.hardware.arithmetic import Claim, claim_of
from hwsearch.hardware.cost_model import Cost, price
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.hardware.rules.check import violations
from hwsearch.hardware.rules.violation import Violation
from hwsearch.measure.workload import count_workload
from hwsearch.report.quantities import column


@dataclass(frozen=True)
class Comparison:
    """One device's answer.

    Attributes:
        ident: The device.
        cost: What the model costs there.
        broken: Hard limits that it breaks; empty: it maps.
        arithmetic: Whether it computes as the integer model does.
    """

    ident: str
    cost: Cost
    broken: tuple[Violation, ...]
    arithmetic: Claim


def compare_devices(folder: Path, idents: Sequence[str]) -> list[Comparison]:
    """Price an export's model on devices; counts are means over its recorded inputs.

    Raises:
        InputError: A device is unknown.
        RecordError: The folder holds no weights, or no recorded inputs.
    """
    profiles = [load_profile(ident, "ID") for ident in idents]
    network, _, run = run_recorded(folder)
    workload = count_workload(network, run.input_maps, run.spikes, arrivals=run.arrivals)
    laws = [p.shape.law for p in network.populations if p.shape.law is not None]
    return [
        Comparison(
            profile.id,
            price(workload, profile),
            tuple(violations(workload, profile)),
            claim_of(profile, laws),
        )
        for profile in profiles
    ]


def comparison_table(answers: Sequence[Comparison]) -> str:
    """Return the comparison as text, with the reasons below it."""
    rows = _cells(answers)
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    for answer in answers:
        broken = [f"breaks {violation.message}" for violation in answer.broken]
        notes = [*broken, *answer.cost.notes, answer.arithmetic.words]
        lines += ["", f"{answer.ident}:", *(f"  {note}" for note in notes)]
    return "\n".join(lines)


def _cells(answers: Sequence[Comparison]) -> list[tuple[str, ...]]:
    """Return the table's head and a row a device."""
    costs = [answer.cost for answer in answers]
    energy, energies = column("energy_j", [cost.energy_j for cost in costs])
    latency, latencies = column("latency_s", [cost.latency_s for cost in costs])
    static, statics = column("energy_j", [cost.static_energy_j for cost in costs])
    head = (
        "device", "maps", "memory B", f"energy {energy}", "graded", f"latency {latency}", f"static {static}",
    )  # fmt: skip
    rows = [
        (
            answer.ident,
            f"no ({len(answer.broken)})" if answer.broken else "yes",
            f"{answer.cost.memory_bytes:,}",
            energies[index] or "unknown",
            answer.cost.energy_grade or "",
            latencies[index] or "unknown",
            statics[index] or "unknown",
        )
        for index, answer in enumerate(answers)
    ]
    return [head, *rows]
