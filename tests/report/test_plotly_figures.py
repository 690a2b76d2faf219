"""Figures of plotly: a scatter for each pair of objectives, a bar for each outcome."""

from builders.runs import ENDS

from hwsearch.report.plotly_figures import front_figure, funnel_figure
from hwsearch.report.tables import read_run


def test_every_outcome_has_a_bar(run_dir):
    bars = {bar.name: bar.x[0] for bar in funnel_figure(read_run(run_dir)).data}
    assert bars["over a budget"] == 22
    assert bars["trained"] == 32


def test_axes_name_quantity_and_unit(run_dir):
    titles = [(f.layout.xaxis.title.text, f.layout.yaxis.title.text) for f in front_figure(read_run(run_dir))]
    energy, memory, error = "Energy per inference (nJ)", "Memory (KiB)", "Validation error (%)"
    assert titles == [(energy, error), (memory, error), (energy, memory)]


def test_bars_start_where_the_candidates_end_that_went_on(run_dir):
    bases = {bar.name: bar.base[0] for bar in funnel_figure(read_run(run_dir)).data}
    # 80 asked, 22 over a budget, 9 foreseen, 4 lookalikes, 11 stopped, 2 failed: 32 are trained
    assert [bases[name] for name in ("over a budget", "foreseen", "lookalike", "stopped early", "failed")] == [
        58, 49, 45, 34, 32,
    ]  # fmt: skip
    assert bases["trained"] == bases["on the front"] == 0


def test_a_budget_is_a_dashed_line_at_its_value(run_dir):
    _, memory, _ = front_figure(read_run(run_dir))
    (line,) = memory.layout.shapes
    assert (line.x0, line.x1) == (12.0, 12.0)  # 12,288 B in KiB
    assert "budget 12.0 KiB" in {note.text for note in memory.layout.annotations}


def test_candidates_without_accuracy_stand_on_the_rim(run_dir):
    first = front_figure(read_run(run_dir))[0]
    (rim,) = [trace for trace in first.data if trace.yaxis == "y2"]
    assert len(rim.x) == ENDS["over_budget"]
    assert set(rim.y) == {0.975}
