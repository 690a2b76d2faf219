"""The front as a picture for slides, and how many candidates ended how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from hwsearch.report.layers import MARKS, Panel, panels
from hwsearch.report.quantities import Unit, axis_title, axis_unit, log_ticks, plain, spell
from hwsearch.report.tables import RunTables

_LOG_FROM = 6.0
"""An axis whose largest value is this many times its smallest is logarithmic."""

RUG = 0.975
"""Height of the marks of candidates without accuracy, as a share of the panel."""

FUNNEL = {
    "asked": ("asked", "#8b8b8b"),
    "over_budget": ("over a budget", "#d55e00"),
    "foreseen": ("foreseen", "#e69f00"),
    "lookalike": ("lookalike", "#c9b037"),
    "repeat": ("repeat", "#a9a9a9"),
    "stopped": ("stopped early", "#c2599b"),
    "failed": ("failed", "#7a4a2b"),
    "trained": ("trained", "#2b83c6"),
    "front": ("on the front", "#00936b"),
}


def funnel_counts(tables: RunTables) -> dict[str, int]:
    """Return how many candidates ended how: ``asked``, each outcome, and ``front``."""
    ended = Counter[str](row.outcome for row in tables.trials)
    inner = {name: ended[name] for name in FUNNEL if name not in ("asked", "front")}
    return {"asked": len(tables.trials), **inner, "front": len(tables.front)}


def funnel_starts(counts: Mapping[str, int]) -> dict[str, int]:
    """Return where the bar of each outcome starts: where the candidates end that went on."""
    going_on, starts = counts["asked"], {}
    for name in FUNNEL:
        inner = name not in ("asked", "trained", "front")
        going_on -= counts[name] if inner else 0
        starts[name] = going_on if inner else 0
    return starts


def write_front_png(tables: RunTables, path: Path | BinaryIO) -> None:
    """Write the panels of the front side by side as a PNG of 200 dpi (a wide one fits a slide)."""
    drawn = panels(tables)
    figure = Figure(figsize=(0.4 + 5.2 * max(1, len(drawn)), 5.0), layout="constrained")
    FigureCanvasAgg(figure)
    handles: dict[str, Any] = {}
    for i, panel in enumerate(drawn):
        axes = figure.add_subplot(1, len(drawn), i + 1)
        handles |= _draw_panel(axes, panel)
    figure.suptitle(f"{tables.summary.study} on {tables.summary.profile}", fontsize=12)
    if handles:
        columns = len(handles) if len(drawn) > 1 else 3
        figure.legend(
            list(handles.values()),
            list(handles),
            loc="outside lower center",
            ncols=columns,
            frameon=False,
            fontsize=9,
        )
    figure.savefig(path, dpi=200, format="png")


def _draw_panel(axes: Axes, panel: Panel) -> dict[str, Any]:
    """Draw one panel with matplotlib; return the legend's handles by label."""
    x_unit, y_unit = axis_unit(panel.x, panel.values("x")), axis_unit(panel.y, panel.values("y"))
    handles: dict[str, Any] = {}
    for kind, mark in MARKS.items():
        if kind == "front" and len(steps := panel.steps()) > 1:
            xs, ys = [x / x_unit.size for x, _ in steps], [y / y_unit.size for _, y in steps]
            axes.step(xs, ys, where="post", color=mark.colour, lw=1.3)
        hollow = kind in ("dominated", "foretold", "pick")
        style: dict[str, Any] = {
            "s": (0.75 * mark.size) ** 2,
            "marker": mark.marker,
            "zorder": 3,
            "clip_on": False,
        }
        style |= {"facecolors": "none", "edgecolors": mark.colour} if hollow else {"color": mark.colour}
        style |= {"linewidths": 2.2 if kind == "pick" else 1.1}
        if drawn := [p for p in panel.points[kind] if p.y is not None]:
            xs, ys = [p.x / x_unit.size for p in drawn], [(p.y or 0.0) / y_unit.size for p in drawn]
            handles[mark.label] = axes.scatter(xs, ys, **style)
        if rug := [p.x / x_unit.size for p in panel.points[kind] if p.y is None]:
            style |= {"marker": "|", "transform": axes.get_xaxis_transform()}
            handles[mark.label] = axes.scatter(rug, [RUG] * len(rug), **style)
    for axis, name, unit in (("x", panel.x, x_unit), ("y", panel.y, y_unit)):
        _finish_axis(axes, axis, panel, name, unit)
    axes.grid(color="#e4e4e4", lw=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return handles


def _finish_axis(axes: Axes, axis: str, panel: Panel, name: str, unit: Unit) -> None:
    """Set one matplotlib axis: title, range, ticks, budget."""
    low, high, log = limits(panel, axis, unit)
    axes.set(**{f"{axis}label": axis_title(name, unit), f"{axis}lim": (low, high)})
    if log:
        axes.set(**{f"{axis}scale": "log", f"{axis}lim": (low, high)})
        scale = axes.xaxis if axis == "x" else axes.yaxis
        scale.set_major_locator(FixedLocator(log_ticks(low, high)))
        scale.set_minor_locator(NullLocator())
        scale.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
    if name not in panel.budgets:
        return
    at, text = panel.budgets[name] / unit.size, f"budget {spell(name, panel.budgets[name])}"
    style: dict[str, Any] = {"color": "#d55e00", "fontsize": 9, "va": "bottom"}
    if axis == "x":
        axes.axvline(at, color="#d55e00", lw=1.0, ls="--")
        axes.text(at, 1.005, text, transform=axes.get_xaxis_transform(), ha="center", **style)
    else:
        axes.axhline(at, color="#d55e00", lw=1.0, ls="--")
        axes.text(0.01, at, text, transform=axes.get_yaxis_transform(), ha="left", **style)


def limits(panel: Panel, axis: str, unit: Unit) -> tuple[float, float, bool]:
    """Return where an axis begins and ends, in its unit, with room at the ends, and whether it is logarithmic."""
    values = [value / unit.size for value in panel.values(axis)] or [0.0, 1.0]
    low, high = min(values), max(values)
    if low > 0 and high / low >= _LOG_FROM:
        room = (high / low) ** 0.08
        return low / room, high * room, True
    room = 0.08 * ((high - low) or abs(high) or 1.0)
    return max(0.0, low - room) if low > room else min(0.0, low) - 0.3 * room, high + room, False
