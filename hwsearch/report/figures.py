"""The front and the funnel as plotly figures for whoever asks in Python, and the front as a picture for slides."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import plotly.graph_objects as go
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from hwsearch.report.layers import MARKS, Panel, panels
from hwsearch.report.quantities import Unit, axis_title, axis_unit, log_ticks, plain, spell
from hwsearch.report.tables import RunTables

_LOG_FROM = 6.0
"""An axis whose largest value is this many times its smallest is logarithmic."""

_FONT = {"family": "system-ui, -apple-system, Segoe UI, Roboto, sans-serif", "size": 13}
_RUG = 0.975
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


def front_figure(tables: RunTables) -> tuple[go.Figure, ...]:
    """Return one scatter for each pair of objectives, each on its own axes with quantity and unit."""
    return tuple(_panel_figure(panel) for panel in panels(tables))


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


def funnel_figure(tables: RunTables) -> go.Figure:
    """Return a bar for each outcome; each starts where the candidates end that went on."""
    counts = funnel_counts(tables)
    figure = go.Figure()
    for name, base in funnel_starts(counts).items():
        label, colour = FUNNEL[name]
        figure.add_bar(
            y=[label], x=[counts[name]], base=[base], orientation="h", marker_color=colour, name=label,
            text=[str(counts[name])], textposition="none", hovertemplate=f"{label}: {counts[name]}<extra></extra>",
        )  # fmt: skip
        figure.add_annotation(
            x=base + counts[name],
            y=label,
            text=f"<b>{counts[name]}</b>",
            showarrow=False,
            xanchor="left",
            xshift=5,
        )
    figure.update_layout(
        font=_FONT, showlegend=False, height=330, bargap=0.3, barmode="overlay",
        margin={"l": 8, "r": 16, "t": 8, "b": 48}, paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
    )  # fmt: skip
    top = max(1, counts["asked"]) * 1.1
    figure.update_xaxes(title_text="Candidates (count)", range=[0, top], fixedrange=True, zeroline=False)
    figure.update_yaxes(autorange="reversed", fixedrange=True, automargin=True, ticksuffix="  ")
    return figure


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


def _panel_figure(panel: Panel) -> go.Figure:
    x_unit, y_unit = axis_unit(panel.x, panel.values("x")), axis_unit(panel.y, panel.values("y"))
    figure = go.Figure()
    for kind, mark in MARKS.items():
        if kind == "front" and len(steps := panel.steps()) > 1:
            figure.add_scatter(
                x=[x / x_unit.size for x, _ in steps], y=[y / y_unit.size for _, y in steps], mode="lines",
                line={"color": mark.colour, "width": 1.5, "shape": "hv"}, hoverinfo="skip", showlegend=False,
            )  # fmt: skip
        marker = {"symbol": mark.symbol, "color": mark.colour, "size": mark.size}
        marker["line"] = {"width": 3 if kind == "pick" else 1.5, "color": mark.colour}
        for rug in (False, True):
            points = [point for point in panel.points[kind] if (point.y is None) == rug]
            if points:
                figure.add_scatter(
                    x=[point.x / x_unit.size for point in points],
                    y=[_RUG if point.y is None else point.y / y_unit.size for point in points],
                    text=[point.text for point in points], mode="markers", name=mark.label, legendgroup=kind,
                    marker=marker | ({"symbol": "line-ns-open", "size": 9} if rug else {}),
                    yaxis="y2" if rug else "y", hovertemplate="%{text}<extra></extra>",
                )  # fmt: skip
    _lay_out(figure, panel, x_unit, y_unit)
    return figure


def _lay_out(figure: go.Figure, panel: Panel, x_unit: Unit, y_unit: Unit) -> None:
    figure.update_layout(
        font=_FONT, height=400, hovermode="closest", hoverlabel={"align": "left"},
        margin={"l": 8, "r": 12, "t": 30, "b": 8}, paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "y": -0.2, "yanchor": "top"},
        yaxis2={"overlaying": "y", "range": [0, 1], "fixedrange": True, "visible": False},
    )  # fmt: skip
    for axis, name, unit in (("x", panel.x, x_unit), ("y", panel.y, y_unit)):
        low, high, log = _limits(panel, axis, unit)
        ends = [math.log10(low), math.log10(high)] if log else [low, high]
        figure.update_layout({
            f"{axis}axis": {
                "title": {"text": axis_title(name, unit), "standoff": 8}, "type": "log" if log else "linear",
                "range": ends, "automargin": True, "zeroline": False, "exponentformat": "none", "nticks": 8,
                "separatethousands": True, **(_log_labels(low, high) if log else {}),
            }
        })  # fmt: skip
        if name in panel.budgets:
            _budget_line(figure, axis, panel.budgets[name] / unit.size, log, spell(name, panel.budgets[name]))


def _log_labels(low: float, high: float) -> dict[str, Any]:
    marks = log_ticks(low, high)
    return {"tickmode": "array", "tickvals": marks, "ticktext": [plain(mark) for mark in marks]}


def _budget_line(figure: go.Figure, axis: str, at: float, log: bool, text: str) -> None:
    """Draw a dashed line with its label: above the panel for x, on the line for y."""
    line = {"color": "#d55e00", "width": 1.2, "dash": "dash"}
    # shapes on a log axis stand at the value, annotations at its logarithm
    place = math.log10(at) if log else at
    label: dict[str, Any] = {
        "text": f"budget {text}",
        "showarrow": False,
        "font": {"size": 12, "color": "#d55e00"},
    }
    if axis == "x":
        figure.add_shape(type="line", x0=at, x1=at, y0=0, y1=1, yref="paper", line=line, layer="below")
        figure.add_annotation(x=place, y=1, yref="paper", yanchor="bottom", **label)
    else:
        figure.add_shape(type="line", y0=at, y1=at, x0=0, x1=1, xref="paper", line=line, layer="below")
        figure.add_annotation(x=0, xref="paper", xanchor="left", y=place, yanchor="bottom", **label)


def _draw_panel(axes: Axes, panel: Panel) -> dict[str, Any]:
    """Draw one panel with matplotlib; return the legend's handles by label."""
    x_unit, y_unit = axis_unit(panel.x, panel.values("x")), axis_unit(panel.y, panel.values("y"))
    handles: dict[str, Any] = {}
    for kind, mark in MARKS.items():
        if kind == "front" and len(steps := panel.steps()) > 1:
            xs, ys = [x / x_unit.size for x, _ in steps], [y / y_unit.size for _, y in steps]
            axes.step(xs, ys, where="post", color=mark.colour, lw=1.3)
        hollow = kind in ("dominated", "pick")
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
            handles[mark.label] = axes.scatter(rug, [_RUG] * len(rug), **style)
    for axis, name, unit in (("x", panel.x, x_unit), ("y", panel.y, y_unit)):
        _finish_axis(axes, axis, panel, name, unit)
    axes.grid(color="#e4e4e4", lw=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return handles


def _finish_axis(axes: Axes, axis: str, panel: Panel, name: str, unit: Unit) -> None:
    """Set one matplotlib axis: title, range, ticks, budget."""
    low, high, log = _limits(panel, axis, unit)
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


def _limits(panel: Panel, axis: str, unit: Unit) -> tuple[float, float, bool]:
    """Return where an axis begins and ends, in its unit, with room at the ends, and whether it is logarithmic."""
    values = [value / unit.size for value in panel.values(axis)] or [0.0, 1.0]
    low, high = min(values), max(values)
    if low > 0 and high / low >= _LOG_FROM:
        room = (high / low) ** 0.08
        return low / room, high * room, True
    room = 0.08 * ((high - low) or abs(high) or 1.0)
    return max(0.0, low - room) if low > room else min(0.0, low) - 0.3 * room, high + room, False
