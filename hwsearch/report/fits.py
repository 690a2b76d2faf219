"""Whether the pick fits its device, in one sentence and as bars: each memory and each budget, what is taken of it."""

from __future__ import annotations

from dataclasses import dataclass

from hwsearch.errors import InputError
from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.records.front import NetworkRow
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.summary import Summary
from hwsearch.report.quantities import short, spell
from hwsearch.report.tables import RunTables
from hwsearch.study.model import load_study

_OF_DEVICE, _BUDGET = " of the device", " (budget)"


@dataclass(frozen=True)
class Limit:
    """What one memory of the device, or one budget of the study, allows.

    Attributes:
        column: The quantity (``ram_bytes``, ``energy_j``).
        name: What people call it.
        most: Its largest value.
        note: What else is to be known of it.
    """

    column: str
    name: str
    most: float
    note: str = ""


@dataclass(frozen=True)
class Bar:
    """How much of a limit the pick takes, and the dense network.

    Attributes:
        name: Of the limit.
        taken: ``1.9 of 256 KiB`` in words.
        share: In percents of the limit, at most 100.
        dense: What the dense network would take, in words.
        dense_share: Likewise.
        note: What else is to be known.
    """

    name: str
    taken: str
    share: float
    dense: str
    dense_share: float
    note: str


def device_of(tables: RunTables) -> HardwareProfile | None:
    """Return the device as a run's study prices it; None: this version cannot read the profile, and draws no bars."""
    folder = RunFolder(tables.run_dir)
    try:
        return load_profile(folder.profile).pricing(load_study(folder.study).device.firmware)
    except InputError:
        return None


def limits(tables: RunTables, device: HardwareProfile) -> list[Limit]:
    """Return the device's memories whose size is known, then the budgets of the study."""
    found = []
    for bank in device.banks:
        if bank.free_bytes is not None:
            kept = f"{spell('_bytes', bank.reserved_bytes)} are reserved" if bank.reserved_bytes else ""
            name = f"{bank.name.upper() if bank.name == 'ram' else bank.name}{_OF_DEVICE}"
            found.append(Limit(f"{bank.name}_bytes", name, float(bank.free_bytes), kept))
    budgets = [Limit(name, f"{short(name)}{_BUDGET}", most) for name, most in tables.summary.budgets.items()]
    return [*found, *budgets]


def bars(tables: RunTables) -> list[Bar]:
    """Return a bar of each limit that the pick's need is known of; none without a pick."""
    pick, dense, device = tables.summary.pick, tables.summary.dense, device_of(tables)
    if pick is None or device is None:
        return []
    drawn = []
    for limit in limits(tables, device):
        need, before = pick.number(limit.column), dense.number(limit.column)
        if need is None:
            continue
        drawn.append(
            Bar(
                limit.name,
                f"{spell(limit.column, need)} of {spell(limit.column, limit.most)}",
                _share(need, limit.most),
                "" if before is None else spell(limit.column, before),
                0.0 if before is None else _share(before, limit.most),
                limit.note,
            )
        )
    return drawn


def fit_words(tables: RunTables) -> tuple[str, str]:
    """Say that the pick fits, and what is counted and whether the dense network would have fitted; else nothing."""
    pick, dense, device = tables.summary.pick, tables.summary.dense, device_of(tables)
    if pick is None or device is None:
        return "", ""
    known = limits(tables, device)
    taken = [
        f"{limit.name.removesuffix(_OF_DEVICE)} {spell(limit.column, need)} of {spell(limit.column, limit.most)}"
        for limit in known
        if limit.name.endswith(_OF_DEVICE) and (need := pick.number(limit.column)) is not None
    ]
    where = f": {', '.join(taken)}" if taken else "; the sizes of its memories are not known"
    return (
        f"Fits {device.name}{where}.",
        f"{_code(tables.summary, device)}{_dense_words(dense, known)}".strip(),
    )


def _code(summary: Summary, device: HardwareProfile) -> str:
    """Say whether program code is in these numbers, and what it takes."""
    if device.priced_core is not None:
        return "Program code is counted. "
    if (program := summary.program) is not None:
        took = (
            ""
            if program.latency_s is None
            else (f", and an inference {spell('_s', program.latency_s)} at one instruction a cycle")
        )
        return (
            f"Program code is not counted: by counts on an emulated {program.core} the exported C library takes "
            f"{spell('_bytes', program.code_bytes)} more{took}. "
        )
    return "Program code is not counted. " if device.family == "mcu" else ""


def _dense_words(dense: NetworkRow, known: list[Limit]) -> str:
    """Say whether the dense network would have fitted, and what it breaks."""
    told = [(limit, dense.number(limit.column)) for limit in known]
    if all(need is None for _, need in told):
        return ""
    broken = [
        f"{limit.name} {spell(limit.column, need)} of {spell(limit.column, limit.most)}"
        for limit, need in told
        if need is not None and need > limit.most
    ]
    if not broken:
        return "The dense network would have fitted too."
    return f"The dense network would not have fitted: {'; '.join(broken)}."


def _share(need: float, most: float) -> float:
    return min(100.0, 100 * need / most) if most > 0 else 100.0
