"""The comparison of finders as a table and a figure: accuracy against sparsity, knees and cost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hwsearch.report.intervals import interval
from hwsearch.report.ticket_claims import claims_markdown, difference

_LABELS = {
    "iterative": "iterative",
    "early_time": "early-time iterative",
    "early_bird": "early-bird",
    "magnitude": "magnitude, once",
    "multi_prize": "multi-prize (1 bit)",
    "random": "control: random mask",
    "reinit": "control: fresh weights",
}


def knee(table: pd.DataFrame, finder: str, granularity: str, dense: float, within: float) -> float | None:
    """Return the largest sparsity up to which a finder's mean accuracy stays within the tolerance of dense."""
    rows = table[(table["finder"] == finder) & (table["granularity"] == granularity)]
    means = rows.groupby("sparsity")["accuracy_test"].mean().sort_index()
    best = None
    for sparsity, mean in means.items():
        if mean < dense - within:
            break
        best = float(str(sparsity))
    return best


def write_comparison(
    table: pd.DataFrame, facts: Mapping[str, object], study: str, within: float, folder: Path
) -> Path:
    """Write tickets.csv, tickets.md and, where finders were compared, tickets.png; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "tickets.csv", index=False)
    (folder / "tickets.md").write_text(comparison_markdown(table, facts, study, within), encoding="utf-8")
    if table["finder"].isin(list(_LABELS)).any():
        _figure(table, study, within, folder / "tickets.png")
    return folder


def comparison_markdown(table: pd.DataFrame, facts: Mapping[str, object], study: str, within: float) -> str:
    """Return the comparison as Markdown."""
    dense, spread = interval(table.loc[table["finder"] == "dense", "accuracy_test"].to_numpy(float))
    seeds = table["seed"].nunique()
    lines = [
        f"## {study}",
        "",
        f"{facts['train']} training and {facts['test']} test samples, T {facts['timesteps']}, {seeds} seeds. Cells: "
        "test accuracy of the integer model in per cent, mean ± half the 95 % interval; cost: samples times timesteps "
        "trained to find the sparsest ticket, in dense trainings.",
        "",
        f"Dense, 8 bits: {100 * dense:.2f} ± {100 * spread:.2f}. "
        f"T_early by the KL rule: {facts['early_timesteps']} of {facts['timesteps']} "
        f"(on the trained network D(t)/D(2) from t = 2: {facts['kl_forward_trained']}, other direction "
        f"{facts['kl_backward_trained']}).",
        "",
    ]
    lines += claims_markdown(table, facts)
    grouped = table[table["finder"].isin(list(_LABELS))]
    for granularity in dict.fromkeys(grouped["granularity"]):
        lines += _granularity_table(
            grouped, str(granularity), dense, within, float(str(facts["dense_steps"]))
        )
        lines += _differences(table, str(granularity))
    lines += _untrained_table(table)
    return "\n".join(lines)


def _granularity_table(
    table: pd.DataFrame, granularity: str, dense: float, within: float, dense_steps: float
) -> list[str]:
    """Return one granularity's table: a row a finder, a column a sparsity."""
    members = table[table["granularity"] == granularity]
    levels = sorted(members["sparsity"].unique())
    head = " | ".join(f"{100 * s:g} %" for s in levels)
    lines = [
        f"### {granularity}",
        "",
        f"| finder | {head} | knee (within {100 * within:g} points) | cost |",
        "|---" * (len(levels) + 3) + "|",
    ]
    for finder, label in _LABELS.items():
        rows = members[members["finder"] == finder]
        if rows.empty:
            continue
        cells = []
        for level in levels:
            values = rows.loc[rows["sparsity"] == level, "accuracy_test"].to_numpy(float)
            cells.append(_cell(values))
        cost = rows.loc[rows["sparsity"] == rows["sparsity"].max(), "find_steps"].mean() / dense_steps
        at = knee(table, finder, granularity, dense, within)
        told = "none" if at is None else f"{100 * at:g} %"
        lines.append(f"| {label} | {' | '.join(cells)} | {told} | {cost:.2f} |")
    return [*lines, ""]


def _differences(table: pd.DataFrame, granularity: str) -> list[str]:
    """Return how much better iterative tickets are than each other finder's, paired by seed."""
    members = table[table["granularity"] == granularity]
    lines = []
    for level in sorted(members["sparsity"].unique()):
        finders = set(members.loc[members["sparsity"] == level, "finder"])
        for other in ("random", "reinit", "early_time", "early_bird", "magnitude"):
            if {"iterative", other} <= finders:
                gap = difference(table, ("iterative", granularity, level), (other, granularity, level))
                assert gap is not None
                mean, half = gap
                touches = "touches zero" if abs(mean) <= half else "does not touch zero"
                lines.append(
                    f"| {100 * level:g} % | {_LABELS[other]} | {mean:+.2f} ± {half:.2f} | {touches} |"
                )
    if not lines:
        return []
    head = [
        "Iterative ticket minus the other, points, paired by seed:",
        "",
        "| sparsity | other | difference | 95 % |",
    ]
    return [*head, "|---|---|---|---|", *lines, ""]


def _untrained_table(table: pd.DataFrame) -> list[str]:
    """Return accuracies without any training after cutting or quantising."""
    untrained = table[table["finder"].str.startswith("one_shot")]
    if untrained.empty:
        return []
    lines = [
        "### Without any training after the cut",
        "",
        "| cut | magnitude | spike probability | second order |",
    ]
    lines.append("|---|---|---|---|")
    for (granularity, sparsity), rows in untrained.groupby(["granularity", "sparsity"], sort=False):
        cells = []
        for criterion in ("magnitude", "spike_probability", "second_order"):
            values = rows.loc[rows["finder"] == f"one_shot {criterion}", "accuracy_test"].to_numpy(float)
            cells.append(_cell(values))
        cut = (
            f"{granularity}, {100 * float(str(sparsity)):g} % removed"
            if float(str(sparsity))
            else str(granularity)
        )
        lines.append(f"| {cut} | {' | '.join(cells)} |")
    return [*lines, ""]


def _cell(values: np.ndarray) -> str:
    """Return mean and interval in per cent; nothing where nothing was measured."""
    if len(values) == 0:
        return ""
    mean, half = interval(values)
    return f"{100 * mean:.2f} ± {100 * half:.2f}"


def _figure(table: pd.DataFrame, study: str, within: float, path: Path) -> None:
    """Draw accuracy against sparsity, a panel a granularity; a circle marks each finder's knee."""
    found = table[table["finder"].isin(list(_LABELS))]
    granularities = list(dict.fromkeys(found["granularity"]))
    dense = float(table.loc[table["finder"] == "dense", "accuracy_test"].mean())
    figure = Figure(figsize=(5.5 * len(granularities), 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    for place, granularity in enumerate(granularities):
        axes = figure.add_subplot(1, len(granularities), place + 1)
        axes.axhspan(100 * (dense - within), 100 * dense, color="0.9", label="dense, and the tolerance")
        for finder in _LABELS:
            rows = found[(found["finder"] == finder) & (found["granularity"] == granularity)]
            if not rows.empty:
                _draw_finder(axes, rows, finder, knee(table, finder, str(granularity), dense, within))
        axes.set(
            xlabel="weights or groups removed / %",
            ylabel="test accuracy / %",
            title=f"{study}: {granularity}",
        )
        axes.legend(fontsize=7)
    figure.savefig(path, dpi=150)


def _draw_finder(axes: Axes, rows: pd.DataFrame, finder: str, knee_at: float | None) -> None:
    """Draw a finder's accuracies with their intervals, and its knee where it has one."""
    label = _LABELS[finder]
    means = {
        float(str(sparsity)): interval(accuracies.to_numpy(float))
        for sparsity, accuracies in rows.groupby("sparsity")["accuracy_test"]
    }
    heights, halves = (100 * np.array(values) for values in zip(*means.values(), strict=True))
    line = axes.errorbar(
        100 * np.array(list(means)),
        heights,
        np.where(np.isfinite(halves), halves, 0),
        fmt=":" if label.startswith("control") else "-",
        capsize=2,
        label=label,
    )
    if knee_at is not None:
        axes.plot(100 * knee_at, 100 * means[knee_at][0], "o", color=line.lines[0].get_color())
