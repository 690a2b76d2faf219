"""What the script is given: every number as front.csv and trials.csv have it, every kind where it belongs."""

import csv
import shlex
from collections import Counter

import pytest
from builders.runs import ENDS, synthetic_run

from hwsearch.report.front.data import KINDS, QUANTITIES, front_data
from hwsearch.report.quantities import spell
from hwsearch.report.tables import read_run


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return {int(row["trial"]): row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def data(played):
    return front_data(played)


def kind_of(data, i):
    return KINDS[data.points.kind[i]].name


def expected(data, i, front, trials):
    """Return what a point must show, read from the CSVs alone."""
    trial, kind = data.points.trial[i], kind_of(data, i)
    row = front[trial] if kind == "front" else trials[trial]
    scored = row["accuracy_foreseen"] if kind == "predicted" else row["accuracy_val"]
    values = {"error": 1.0 - float(scored) if scored else None}
    for name in QUANTITIES[1:]:
        text = row[name] or row.get(f"{name}_predicted", "")
        values[name] = float(text) if text else None
    return values


def test_every_number_is_the_one_in_the_tables(played_dir, data):
    front, trials = rows_of(played_dir / "front.csv"), rows_of(played_dir / "trials.csv")
    points = [i for i in range(len(data.points.trial)) if kind_of(data, i) != "dense"]
    assert len(points) > 70
    for i in points:
        shown = {name: data.points.value[name][i] for name in QUANTITIES}
        assert shown == expected(data, i, front, trials)
        assert all(data.points.text[name][i] == spell(name, value) for name, value in shown.items())


def test_the_dense_reference_is_that_of_the_summary(data):
    (i,) = [i for i in range(len(data.points.trial)) if kind_of(data, i) == "dense"]
    assert data.points.trial[i] is None
    assert data.points.value["memory_bytes"][i] == 18842
    assert data.points.value["error"][i] == 1 - 0.986
    assert data.points.test[i] == "98.1 % (95.9 to 99.1)"
    assert not data.points.exports[i]


def test_every_kind_is_told_apart(data):
    counts = Counter(kind_of(data, i) for i in range(len(data.points.trial)))
    assert counts == {
        "front": 12, "trained": ENDS["trained"] - 12, "over": ENDS["over_budget"], "stopped": ENDS["stopped"],
        "predicted": ENDS["foreseen"] + ENDS["lookalike"], "dense": 1,
    }  # fmt: skip
    assert data.left_out == "2 failed"
    assert len({kind.shape for kind in KINDS}) == len({kind.colour for kind in KINDS}) == len(KINDS)


def test_only_what_was_trained_to_the_end_can_be_exported(data):
    exports = {kind_of(data, i) for i in range(len(data.points.trial)) if data.points.exports[i]}
    assert exports == {"front", "trained"}


def test_columns_are_of_one_length(data):
    points, n = data.points, len(data.points.trial)
    columns = [points.kind, points.knobs, points.test, points.said, points.exports]
    assert {len(column) for column in [*columns, *points.value.values(), *points.text.values()]} == {n}


def test_axes_have_unit_and_budget(data):
    axes = {axis.name: axis for axis in data.axes}
    assert list(axes) == list(QUANTITIES)
    assert (axes["memory_bytes"].unit, axes["memory_bytes"].budget) == ("KiB", 12288)
    assert axes["memory_bytes"].budget_words == "12.0 KiB"
    assert (axes["energy_j"].unit, axes["energy_j"].budget) == ("nJ", None)
    assert (data.x, data.y) == ("energy_j", "error")


def test_what_the_device_cannot_tell_is_no_axis(tmp_path):
    folder = synthetic_run(tmp_path / "run", objectives=("error", "memory_bytes"), latency=False)
    data = front_data(read_run(folder))
    assert [axis.name for axis in data.axes] == ["error", "energy_j", "memory_bytes", "synaptic_ops"]
    assert (data.x, data.y) == ("memory_bytes", "error")


def test_a_run_without_a_front_shows_what_was_tried(tmp_path):
    data = front_data(read_run(synthetic_run(tmp_path / "run", front=False)))
    assert data.pick is None
    assert "front" not in {kind_of(data, i) for i in range(len(data.points.trial))}
    assert len(data.points.trial) == 1 + sum(ENDS.values()) - ENDS["failed"]


def test_the_command_names_the_folder(data):
    before, after = data.command
    assert shlex.split(f"{before}7{after}") == [
        "hwsearch", "export", "it's <b>; rm -r ~", "--trial", "7", "--to", "model",
    ]  # fmt: skip
