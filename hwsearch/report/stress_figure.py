"""stress.png: accuracy against the level of each disturbance, the dense network beside the candidates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hwsearch.records.stress import DENSE, UNDISTURBED, StressRow
from hwsearch.stress.kinds import KINDS, Kind
from hwsearch.whole_files import whole_file

_COLUMNS = 4
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_OF_DENSE = "#5b636d"


def write_stress_png(rows: Sequence[StressRow], path: Path) -> None:
    """Write the curves of every kind that applies, each in its own panel; levels stand at even distances."""
    kinds = [
        kind for kind in KINDS if any(row.kind == kind.name and row.accuracy is not None for row in rows)
    ]
    names = list(dict.fromkeys(row.candidate for row in rows))
    n_lines = max(1, -(-len(kinds) // _COLUMNS))
    figure = Figure(figsize=(3.2 * _COLUMNS, 0.5 + 2.5 * n_lines), layout="constrained")
    grid = figure.subplots(n_lines, _COLUMNS, squeeze=False).ravel()
    for axes, kind in zip(grid, kinds, strict=False):
        _draw(axes, kind, rows, names)
    for axes in grid[len(kinds) :]:
        axes.set_axis_off()
    lines: dict[str, Any] = {str(line.get_label()): line for axes in grid for line in axes.containers}
    figure.legend(
        list(lines.values()), list(lines), loc="outside lower center", ncols=min(6, len(names)), frameon=False
    )  # fmt: skip
    with whole_file(path) as unfinished:
        figure.savefig(unfinished, dpi=130, format="png")


def _draw(axes: Axes, kind: Kind, rows: Sequence[StressRow], names: Sequence[str]) -> None:
    """Draw one kind: each network from undisturbed to the strongest level, with intervals."""
    levels = [
        0.0,
        *dict.fromkeys(row.level for row in rows if row.kind == kind.name and row.level is not None),
    ]
    colours = iter(_COLOURS * len(names))
    for name in names:
        colour = _OF_DENSE if name.startswith(DENSE) else next(colours)
        own = [
            row
            for row in rows
            if row.candidate == name and row.kind in (UNDISTURBED, kind.name) and row.accuracy is not None
        ]
        if len(own) < 2:
            continue
        reached = [row.accuracy or 0.0 for row in own]
        ends = [
            [value - (row.low or 0.0) for value, row in zip(reached, own, strict=True)],
            [(row.high or 0.0) - value for value, row in zip(reached, own, strict=True)],
        ]
        places = [levels.index(row.level or 0.0) for row in own]
        style = "--" if name.startswith(DENSE) else "-"
        axes.errorbar(
            places, reached, ends, fmt=f"o{style}", color=colour, ms=3, lw=1.2, capsize=2, label=name
        )
    axes.set_title(kind.words, fontsize=9)
    axes.set_xticks(range(len(levels)), [f"{level:g}" for level in levels], fontsize=7)
    axes.set_xlabel(kind.unit, fontsize=7)
    axes.set_ylim(0, 1.02)
    axes.tick_params(labelsize=7)
    axes.grid(color="#e4e4e4", lw=0.6)
    axes.spines[["top", "right"]].set_visible(False)
