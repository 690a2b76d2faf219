import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hwsearch.errors import RecordError
from hwsearch.report.answer import comparison, headline, risks
from hwsearch.report.figures import front_figure, funnel_counts, funnel_figure, write_front_png
from hwsearch.report.layers import panels
from hwsearch.report.page import write_report
from hwsearch.report.quantities import (
    UNKNOWN,
    axis_unit,
    column,
    count,
    duration,
    percent,
    plain,
    si,
    spell,
    times,
)
from hwsearch.report.tables import read_run

COSTS = ["memory_bytes", "weight_bytes", "state_bytes", "synaptic_ops", "energy_j", "latency_s"]
ENDS = {"over_budget": 22, "foreseen": 9, "twin": 4, "stopped": 11, "failed": 2, "trained": 32}
N_FRONT = 12


def synthetic_run(
    folder: Path, objectives=("error", "energy_j", "memory_bytes"), latency=True, front=True, pick=True
) -> Path:
    """Write a run's files with the columns of design section 2; every number is made up."""
    rng = np.random.default_rng(0)
    outcomes = [name for name, n in ENDS.items() for _ in range(n)]
    rng.shuffle(outcomes)
    rows, taken = [], 0
    for trial, outcome in enumerate(outcomes):
        trained, first = outcome == "trained", outcome == "trained" and taken < N_FRONT
        taken += trained
        memory = int(1500 * 1.17**taken) if first else int(rng.uniform(2, 11.5) * 1024)
        if outcome == "over_budget":
            memory = int(rng.uniform(12.5, 90) * 1024)
        energy = memory * 6.2e-11 * rng.uniform(0.8, 1.2)
        cost = {
            "memory_bytes": memory, "weight_bytes": int(memory * 0.8), "state_bytes": int(memory * 0.1),
            "synaptic_ops": int(memory * 1.7), "energy_j": energy, "latency_s": memory * 1.1e-6 if latency else None,
        }  # fmt: skip
        accuracy = 0.987 - 17.5 / memory - (0 if first else rng.uniform(0.005, 0.12))
        rows.append(
            {
                "trial": trial, "outcome": outcome, "reason": "" if trained else "because",
                "sparsity": round(rng.uniform(0, 0.95), 2), "granularity": rng.choice(["weight", "nm:4", "channel"]),
                "weight_bits": int(rng.choice([2, 4, 8])), "timesteps": int(rng.choice([2, 4])),
                "accuracy_val": accuracy if trained else None, "accuracy_val_float": accuracy if trained else None,
                **{k: v if trained else None for k, v in cost.items()}, "macs": None,
                "feasible": outcome != "over_budget", "on_front": front and first, "twin_of": None,
                **{f"{k}_predicted": v for k, v in cost.items()}, "train_steps": 1000, "eval_steps": 10,
                "digest": f"{trial:08x}", "wall_s": 1.0,
            }
        )  # fmt: skip
    trials = pd.DataFrame(rows)
    members = trials[trials["on_front"]]
    table = members[["trial", "sparsity", "granularity", "weight_bits", "timesteps", "accuracy_val"]].assign(
        accuracy_test=members["accuracy_val"] - 0.004,
        accuracy_test_low=members["accuracy_val"] - 0.024,
        accuracy_test_high=members["accuracy_val"] + 0.009,
        **{name: members[name] for name in COSTS},
        accuracy_val_search=members["accuracy_val"],
        seeds=3,
    )
    if front:
        chosen = {
            "accuracy_val": 0.978, "accuracy_test": 0.972, "accuracy_test_low": 0.950, "accuracy_test_high": 0.985,
            "memory_bytes": 1945, "energy_j": 1.2e-7, "accuracy_test_own": 0.968, "accuracy_test_sd": 0.003,
        }  # fmt: skip
        for name, value in chosen.items():
            table.loc[table.index[1], name] = value
    folder.mkdir(parents=True, exist_ok=True)
    trials.to_csv(folder / "trials.csv", index=False)
    if front:
        table.to_csv(folder / "front.csv", index=False)
    summary = _summary(table, objectives, latency, front, front and pick)
    (folder / "summary.json").write_text(json.dumps(summary))
    (folder / "study.yaml").write_text("name: digits_mcu\ndescription: <script>alert(1)</script>\n")
    (folder / "profile.yaml").write_text("id: generic_45nm\nlink: https://example.org/source\n")
    return folder


def _summary(table: pd.DataFrame, objectives, latency: bool, front: bool, pick: bool) -> dict:
    picked = json.loads(table.iloc[1].to_json()) if pick else None
    dense = {
        "accuracy_val": 0.986, "accuracy_test": 0.981, "accuracy_test_low": 0.959, "accuracy_test_high": 0.991,
        "memory_bytes": 18842, "weight_bytes": 17000, "state_bytes": 1100, "synaptic_ops": 52000, "energy_j": 1.1e-6,
        "latency_s": 0.021 if latency else None, "weight_bits": 8, "timesteps": 4,
    }  # fmt: skip
    miss = "nothing fits. Nearest miss: trial 7: needs memory_bytes 13,000, the budget is 12,288 (1.06 times)"
    return {
        "study": "digits_mcu", "study_digest": "ab", "profile": "generic_45nm", "seed": 0,
        "versions": {"hwsearch": "0.1.0", "torch": "2.11.0"}, "objectives": list(objectives),
        "budgets": {"memory_bytes": 12288, "synaptic_ops": 60000}, "dense": dense,
        "counts": {"asked": sum(ENDS.values()), **ENDS},
        "cost": {"train_steps": 4.6e6, "eval_steps": 9e5, "dense_train_steps": 4e5, "wall_s": 754.2},
        "similarity": {"n": 0, "spearman": None, "mae": None, "brier": None, "ece": None},
        "audit": {"continued": 0, "false_cuts": 0}, "front_size": len(table) if front else 0, "hypervolume": 0.6123,
        "reference_point": {"error": 0.9, "energy_j": 1.1e-6, "memory_bytes": 18842}, "pick": picked,
        "nearest_miss": None if front else miss, "samples": {"train": 1079, "val": 359, "test": 360},
        "labels": {"energy_j": "estimated (generic 45 nm prices)"}, "notes": ["kernel is not searched: no convolution"],
    }  # fmt: skip


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory) -> Path:
    return synthetic_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def page(run_dir) -> str:
    return write_report(run_dir).read_text(encoding="utf-8")


def visible(page: str) -> str:
    """Return what a person reads: no scripts, no styles, no tags."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_headline_says_what_is_kept_and_saved(run_dir):
    # 18842 / 1945 = 9.69; 1945 B = 1.90 KiB, 18842 B = 18.4 KiB; 1.1 uJ / 120 nJ = 9.17
    assert headline(read_run(run_dir)) == (
        "The picked model keeps 97.2 % (95.0 to 98.5) on test and needs 1.9 KiB of memory instead of 18.4 KiB "
        "(9.7 times smaller) and 120 nJ an inference instead of 1.1 µJ (9.2 times less)."
    )


def test_risk_is_the_newcombe_interval_of_the_loss(run_dir):
    # 0.981 - 0.972 = 0.9 points; sqrt(2.2^2 + 1.3^2) = 2.555, sqrt(1.0^2 + 2.2^2) = 2.417; 0.009 * 360 = 3.2
    text = risks(read_run(run_dir))[0]
    assert "0.9 points less accurate than the dense reference on 360 test samples (3 samples)" in text
    assert f"at most 3.3 points (interval of the loss: {chr(0x2212)}1.7 to +3.3)" in text
    assert "may be chance" in text


def test_page_answers_and_says_how_numbers_came_about(page):
    text = visible(page)
    assert "9.7 times smaller" in text
    assert "estimated (generic 45 nm prices)" in text
    assert "11.5 times that of one dense network" in text
    assert "13 min" in text
    assert "No candidate was judged by ticket similarity" in text
    assert "The audit drew no candidate" in text
    assert "kernel is not searched" in text
    assert "mean of 3 trainings" in text
    assert "Hypervolume: the front dominates 61.2 % of the box" in text


def test_every_outcome_is_counted_apart(run_dir, page):
    counts = funnel_counts(read_run(run_dir))
    assert counts == {"asked": 80, **ENDS, "front": 12}
    bars = {bar.name: bar.x[0] for bar in funnel_figure(read_run(run_dir)).data}
    assert bars["over a budget"] == 22
    assert bars["trained"] == 32
    for label, n in (
        ("Over a budget", 22),
        ("Foreseen", 9),
        ("Twin", 4),
        ("Stopped early", 11),
        ("Failed", 2),
    ):
        assert f"{label} {n} " in visible(page)


def test_axes_name_quantity_and_unit(run_dir):
    titles = [(f.layout.xaxis.title.text, f.layout.yaxis.title.text) for f in front_figure(read_run(run_dir))]
    energy, memory, error = "Energy per inference (nJ)", "Memory (KiB)", "Validation error (%)"
    assert titles == [(energy, error), (memory, error), (energy, memory)]


def test_panels_draw_each_kind_where_it_has_numbers(run_dir):
    first, _, costs = panels(read_run(run_dir))
    drawn = {kind: len(points) for kind, points in first.points.items()}
    assert drawn == {"over": 22, "dominated": 20, "front": 12, "dense": 1, "pick": 1}
    assert all(point.y is None for point in first.points["over"])
    assert all(point.y is not None for point in costs.points["over"])
    assert costs.budgets == {"memory_bytes": 12288.0}
    steps = first.steps()
    assert steps == sorted(steps)
    assert [y for _, y in steps] == sorted((y for _, y in steps), reverse=True)


def test_hover_tells_the_candidate(run_dir):
    point = panels(read_run(run_dir))[0].points["front"][0]
    for word in (
        "trial",
        "removed by",
        "bits",
        "T\N{NO-BREAK SPACE}=",
        "validation",
        "test",
        "memory",
        "energy",
        "latency",
    ):
        assert word in point.text


def test_page_loads_nothing_and_shows_no_nan(page):
    assert page.count("<script") - page.split("plotly.js v", 1)[1].count("<script") <= 2
    assert not re.search(
        r"<(?:script|link|img|iframe|source)\b[^>]*\s(?:src|href)\s*=", _without_plotly(page)
    )
    assert not re.search(r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//|@import|url\(", _without_plotly(page))
    assert not re.search(r"\bnan\b", visible(page), flags=re.I)
    assert "Infinity" not in _without_plotly(page)


def _without_plotly(page: str) -> str:
    """Return the page without plotly's own code, which names addresses of maps that are never drawn here."""
    return "".join(
        part
        for part in re.split(r"(<script>.*?</script>)", page, flags=re.S)
        if "plotly.js v" not in part[:2000]
    )


def test_text_from_files_is_escaped(page):
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_unknown_cells_say_so(tmp_path):
    folder = synthetic_run(tmp_path, objectives=("error", "memory_bytes"), latency=False)
    tables = read_run(folder)
    assert len(front_figure(tables)) == 1
    line = next(line for line in comparison(tables) if line.name.startswith("Latency"))
    assert (line.pick, line.dense, line.change) == (UNKNOWN, UNKNOWN, "")
    page = write_report(folder).read_text(encoding="utf-8")
    assert page.count('title="not known for this device"') == 2 + 12  # comparison, front
    assert "Not known for this device: latency per inference" in visible(page)


def test_an_empty_front_names_the_nearest_miss(tmp_path):
    folder = synthetic_run(tmp_path, front=False)
    page = write_report(folder).read_text(encoding="utf-8")
    assert "Nearest miss: trial 7" in visible(page)
    assert "The members of the front" not in page
    write_front_png(read_run(folder), tmp_path / "front.png")


def test_a_front_without_a_pick_says_what_is_best(tmp_path):
    folder = synthetic_run(tmp_path, pick=False)
    assert headline(read_run(folder)).startswith(
        "Nothing was picked: no member of the front is accurate enough."
    )
    assert "pick" not in {line.name for line in comparison(read_run(folder))}
    write_report(folder)


def test_front_png_is_a_picture(run_dir, tmp_path):
    write_front_png(read_run(run_dir), tmp_path / "front.png")
    assert (tmp_path / "front.png").read_bytes().startswith(b"\x89PNG")


def test_a_layered_candidate_is_readable(tmp_path):
    folder = synthetic_run(tmp_path)
    front = pd.read_csv(folder / "front.csv", dtype=str)
    front.loc[0, ["sparsity", "weight_bits"]] = ["0.5/0.9/0.5", "8/2/8"]
    front.to_csv(folder / "front.csv", index=False)
    text = panels(read_run(folder))[0].points["front"][0].text
    assert "50/90/50 % removed" in text
    assert "8/2/8 bits" in text


def test_a_trained_candidate_over_a_budget_stands_at_its_measured_values(tmp_path):
    folder = synthetic_run(tmp_path)
    trials = pd.read_csv(folder / "trials.csv")
    row = trials.index[(trials["outcome"] == "trained") & ~trials["on_front"]][0]
    trials.loc[row, "feasible"] = False
    trials.to_csv(folder / "trials.csv", index=False)
    points = panels(read_run(folder))[1].points
    assert len(points["dominated"]) == 19
    known = [p for p in points["over"] if p.y is not None]
    assert [(p.x, p.y) for p in known] == [(trials["memory_bytes"][row], 1 - trials["accuracy_val"][row])]


def test_unknown_costs_are_left_out_and_counted(tmp_path):
    folder = synthetic_run(tmp_path)
    trials = pd.read_csv(folder / "trials.csv")
    trials.loc[trials["outcome"] == "over_budget", "energy_j_predicted"] = None
    trials.to_csv(folder / "trials.csv", index=False)
    assert [panel.left_out for panel in panels(read_run(folder))] == [22, 0, 22]
    assert "22 candidates over a budget are not drawn" in visible(
        write_report(folder).read_text(encoding="utf-8")
    )


@pytest.mark.parametrize(("as_device", "risk"), [(True, False), (False, True), (None, True)])
def test_only_what_the_profile_states_is_claimed_of_the_device(tmp_path, as_device, risk):
    folder = synthetic_run(tmp_path)
    assert "network that the device runs" not in visible(write_report(folder).read_text(encoding="utf-8"))
    summary = json.loads((folder / "summary.json").read_text())
    summary["arithmetic"] = {"as_device": as_device, "words": "What is known of v > threshold."}
    (folder / "summary.json").write_text(json.dumps(summary))
    text = visible(write_report(folder).read_text(encoding="utf-8"))
    assert "What is known of v &gt; threshold." in text
    assert ("What is known of v > threshold." in risks(read_run(folder))) is risk


def test_counts_that_disagree_are_said(tmp_path):
    folder = synthetic_run(tmp_path)
    summary = json.loads((folder / "summary.json").read_text())
    summary["counts"]["asked"] = 96
    summary["similarity"] = {"n": 32, "spearman": 0.8125, "mae": 0.011, "brier": None, "ece": None}
    summary["audit"] = {"continued": 5, "left": 2, "false_cuts": 0, "low": 0.0, "high": 0.6576}
    summary["left"] = {"finishing": 12, "n": 40, "ruled_out": 30, "expected": 2.25, "low": 0, "high": 5}
    (folder / "summary.json").write_text(json.dumps(summary))
    text = visible(write_report(folder).read_text(encoding="utf-8"))
    assert "count differently (asked 96 against 80)" in text
    assert (
        "on 32 candidates and inputs that it was not settled on: rank correlation 0.81, mean absolute error 0.01."
        in text
    )
    assert "Audit: 5 candidates" in text
    assert (
        "would have left 2 of them for good; 0 of these came to the front (between 0% and 66% of what is left"
        in text
    )
    assert "12 that had been stopped or cut were taken up again. Left: 40 candidates" in text
    assert "30 of them are ruled out" in text
    assert "about 2.2 (0 to 5 at 95 %) would be on the front" in text


@pytest.mark.parametrize("name", ["trials.csv", "front.csv", "summary.json", "study.yaml", "profile.yaml"])
def test_a_missing_file_is_named(tmp_path, name):
    folder = synthetic_run(tmp_path)
    (folder / name).unlink()
    with pytest.raises(RecordError, match=rf"{name}: .*run the study again"):
        read_run(folder)


@pytest.mark.parametrize(
    ("name", "text", "law"),
    [
        ("summary.json", '{"study": ', "must be JSON"),
        ("summary.json", '{"study": "x"}', "no profile, objectives"),
        ("front.csv", "", "must be a table"),
        ("trials.csv", "", "must be a table"),
        ("trials.csv", "trial\n1\n", "must have the columns sparsity"),
        ("front.csv", "a,b\n1\n", "must have the columns"),
    ],
)
def test_a_damaged_file_is_named(tmp_path, name, text, law):
    folder = synthetic_run(tmp_path)
    (folder / name).write_text(text)
    with pytest.raises(RecordError, match=rf"{name}: .*{law}"):
        read_run(folder)


def test_a_cell_that_is_no_number_is_refused(tmp_path):
    folder = synthetic_run(tmp_path)
    trials = pd.read_csv(folder / "trials.csv", dtype=str)
    trials.loc[5, "memory_bytes_predicted"] = "12 KiB"
    trials.to_csv(folder / "trials.csv", index=False)
    with pytest.raises(RecordError, match=r"column memory_bytes_predicted must hold numbers"):
        read_run(folder)


def test_no_folder_is_refused(tmp_path):
    with pytest.raises(RecordError, match="no such folder"):
        write_report(tmp_path / "nowhere")


def test_the_report_loads_no_torch():
    code = "import sys, hwsearch.report.page, hwsearch.report.figures; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("memory_bytes", 812, "812 B"),
        ("memory_bytes", 1945, "1.9 KiB"),
        ("memory_bytes", 262144, "256 KiB"),
        ("memory_bytes", 3 * 1024**2, "3.0 MiB"),
        ("energy_j", 1.1234e-6, "1.12 µJ"),
        ("energy_j", 9.999e-7, "1 µJ"),
        ("energy_j", 1e-6, "1 µJ"),
        ("latency_s", 0.0021, "2.1 ms"),
        ("accuracy_test", 0.97222, "97.2 %"),
        ("synaptic_ops", 52000.0, "52,000"),
        ("synaptic_ops", 812.34, "812"),
        ("energy_j", None, UNKNOWN),
        ("energy_j", float("nan"), UNKNOWN),
    ],
)
def test_values_are_spelt_for_people(name, value, text):
    assert spell(name, value) == text


def test_numbers_and_ratios():
    assert [plain(v) for v in (0.0, 0.01234, 11.5, 999.6, 123456.0)] == [
        "0",
        "0.0123",
        "11.5",
        "1,000",
        "123,000",
    ]
    assert [count(v) for v in (999, 2_345_678, 4.6e9)] == ["999", "2.35 million", "4.6 billion"]
    assert [duration(s) for s in (4.21, 754.2, 7200)] == ["4.21 s", "13 min", "2.0 h"]
    assert times(18842, 1945, "larger", "smaller") == "9.7 times smaller"
    assert times(1.0, 2.5, "larger", "smaller") == "2.5 times larger"
    assert (times(1.0, 1.0, "", ""), times(None, 1.0, "", ""), times(1.0, 0.0, "", "")) == (
        "the same",
        "",
        "",
    )
    assert si(0.0, "J") == "0 J"


@pytest.mark.parametrize(
    ("name", "values", "unit", "cells"),
    [
        ("energy_j", [8e-10, 2e-9], "nJ", ["0.800", "2.000"]),
        ("energy_j", [8e-10, None, 2e-6, 3e-6], "nJ", ["0.800", "", "2,000.000", "3,000.000"]),
        ("energy_j", [0.0, 18.4e-6], "uJ", ["0.0", "18.4"]),
        ("energy_j", [1e-13, 1e-6, 1.0], "J", ["1.00e-13", "1.00e-06", "1.00e+00"]),
        ("latency_s", [0.0021, float("nan")], "ms", ["2.10", ""]),
        ("synaptic_ops", [0.4, 200.0], "", ["0.40", "200.00"]),
        ("synaptic_ops", [1234.4, 52000.0], "", ["1,234", "52,000"]),
        ("accuracy_val", [0.972, 0.5], "%", ["97.2", "50.0"]),
        ("accuracy_val", [0.9997, 1.0], "%", ["99.97", "100.00"]),
        ("energy_j", [None], "J", [""]),
    ],
)
def test_a_column_has_one_unit_in_which_its_smallest_value_can_be_read(name, values, unit, cells):
    assert column(name, values) == (unit, cells)


def test_what_is_tiny_or_nearly_all_is_not_rounded_away():
    assert [percent(v) for v in (0.0, 0.0004, 0.5, 0.99996, 1.0)] == [
        "0.0 %", "0.04 %", "50.0 %", "99.996 %", "100.0 %",
    ]  # fmt: skip
    assert (spell("energy_j", 8e-10), spell("energy_j", 2e-15)) == ("800 pJ", "2 fJ")
    assert plain(1.5e-20) == "1.5e-20"


@pytest.mark.parametrize(
    ("name", "values", "unit"),
    [
        ("energy_j", [1e-7, 2e-7, 5e-6], ("nJ", 1e-9)),
        ("latency_s", [0.002], ("ms", 1e-3)),
        ("memory_bytes", [100, 200], ("bytes", 1.0)),
        ("memory_bytes", [2000, 9000], ("KiB", 1024.0)),
        ("error", [0.02], ("%", 0.01)),
        ("synaptic_ops", [40e3], ("thousands", 1e3)),
        ("energy_j", [], ("J", 1.0)),
    ],
)
def test_an_axis_takes_the_unit_of_its_middle(name, values, unit):
    own = axis_unit(name, values)
    assert (own.name, own.size) == (unit[0], pytest.approx(unit[1]))
