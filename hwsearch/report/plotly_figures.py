"""The front and the funnel as plotly figures, for notebooks. Loads plotly, which nothing else here does."""

from __future__ import annotations

import math
from typing import Any

import plotly.graph_objects as go

from hwsearch.report.figures import FUNNEL, RUG, funnel_counts, funnel_starts, limits
from hwsearch.report.layers import MARKS, Panel, panels
from hwsearch.report.quantities import Unit, axis_title, axis_unit, log_ticks, plain, spell
from hwsearch.report.tables import RunTables

_FONT = {"family": "system-ui, -apple-system, Segoe UI, Roboto, sans-serif", "size": 13}


def front_figure(tables: RunTables) -> tuple[go.Figure, ...]:
    """Return one scatter for each pair of objectives, each on its own axes with quantity and unit."""
    return tuple(_panel_figure(panel) for panel in panels(tables))


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
                    y=[RUG if point.y is None else point.y / y_unit.size for point in points],
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
        low, high, log = limits(panel, axis, unit)
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
