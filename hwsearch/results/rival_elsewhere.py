"""A run's plain networks on another device: priced there, held against its limits and the study's; none is trained."""

from __future__ import annotations

import pandas as pd

from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.rules.check import violations
from hwsearch.records.front import DenseRow, FrontRow
from hwsearch.records.rival import RivalRow, read_rival_records
from hwsearch.records.run_folder import RunFolder
from hwsearch.records.tables import plain_cells
from hwsearch.report.rival import against
from hwsearch.rival.choose import front_of
from hwsearch.rival.price import price_columns, price_plain, why_none
from hwsearch.study.model import Study, load_study


def rival_words_on(folder: RunFolder, device: HardwareProfile, front: pd.DataFrame, dense: DenseRow) -> str:
    """Say who is smaller and who is more frugal on a device; nothing where the run has no plain networks.

    Args:
        folder: The run's.
        device: The device.
        front: Of the run's spiking networks, priced there.
        dense: The run's dense network, which the tolerance is counted from.

    Raises:
        RecordError: rival.json is damaged.
    """
    study = load_study(folder.study)
    if not folder.rival_finals.exists() or dense.score is None:
        return ""
    device = _as_priced(study, device)
    if why := why_none(device):
        return f"Held against no plain network (ReLU, integers) there: {why}."
    spiking = [FrontRow.model_validate(plain_cells(row)) for row in front.to_dict("records")]
    plain = rivals_on(folder, device)
    floor, chance = study.pick.floor(dense.score), study.pick.chance
    return against(spiking, plain, floor, device.id, study.score, chance)


def rivals_on(folder: RunFolder, device: HardwareProfile) -> list[RivalRow]:
    """Return the front of a run's plain networks on a device, of those that keep its limits and the study's budgets.

    Args:
        folder: The run's.
        device: A device that runs plain networks.

    Raises:
        RecordError: rival.json is damaged.
    """
    study, rows = load_study(folder.study), []
    device = _as_priced(study, device)
    for record in read_rival_records(folder.rival_finals):
        cost = price_plain(record.workload, device)
        columns = price_columns(cost)
        if not violations(record.workload, device, cost=cost) and _keeps(study, columns):
            banks = {f"{name}_bytes": n_bytes for name, n_bytes in cost.banks}
            costs = {name: value for name, value in columns.items() if name not in banks}
            rows.append(record.row.model_copy(update={**costs, "banks": banks}))
    names = [name for name in study.objectives if name != "error"]
    return front_of(rows, names) if rows else []


def _as_priced(study: Study, device: HardwareProfile) -> HardwareProfile:
    return device.pricing(study.device.firmware) if device.family == "mcu" else device


def _keeps(study: Study, columns: dict[str, float | int | None]) -> bool:
    """Return whether costs keep the study's budgets, as far as the device tells them."""
    told = {"synaptic_ops": columns["operations"], **columns}
    return all((told.get(name) or 0) <= limit for name, limit in study.device.budgets.items())
