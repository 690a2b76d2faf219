"""The slider's steps are what `hwsearch pick` answers at each tolerance."""

from dataclasses import replace

import pytest
from builders.runs import playable_run

from hwsearch.errors import NothingFits
from hwsearch.records.front import FrontRow, read_front_frame
from hwsearch.report.front.tolerance import tolerance_of
from hwsearch.report.tables import read_run
from hwsearch.results.picked import Tolerance, picked_of
from hwsearch.study.model import load_study


def member(trial, accuracy, memory, energy=1e-6, **more):
    return FrontRow(
        trial=trial, sparsity=0.5, granularity="weight", weight_bits=4, timesteps=4, accuracy_val=accuracy,
        memory_bytes=memory, energy_j=energy, **more,
    )  # fmt: skip


def with_pick(folder, rule):
    """Put a line in the place of the study's pick."""
    path = folder / "study.yaml"
    lines = [line for line in path.read_text().splitlines() if not line.startswith("pick:")]
    path.write_text("\n".join([*lines, f"pick: {rule}"]))
    return folder


def test_picks_by_hand(tmp_path):
    # the dense network has 98.6 % on validation
    played = read_run(with_pick(playable_run(tmp_path / "run"), "{rule: smallest, within: 0.005}"))
    front = (member(1, 0.984, 4000), member(2, 0.981, 2000), member(3, 0.960, 500))
    found = tolerance_of(replace(played, front=front))
    at = {step.tolerance: step.trial for step in found.steps}
    assert [at[loss] for loss in (0.0, 0.001, 0.002, 0.004, 0.005, 0.025, 0.026)] == [
        None,
        None,
        1,
        1,
        2,
        2,
        3,
    ]
    own = found.steps[found.start]
    assert (own.tolerance, own.words, own.trial) == (0.005, "0.5 points", 2)
    assert own.floor == pytest.approx(0.981)
    assert found.rule == "the least memory"
    assert "98.6 % on validation" in found.label


@pytest.mark.parametrize("rule", ["smallest", "frugal", "accurate"])
@pytest.mark.parametrize(
    "tolerance", ["within: 0.005", "within: 0.0123", "min_accuracy: 0.975", "min_score: 0.5"]
)
def test_every_step_is_what_pick_answers(tmp_path, rule, tolerance):
    folder = with_pick(playable_run(tmp_path / "run"), f"{{rule: {rule}, {tolerance}}}")
    tables = read_run(folder)
    front, study = read_front_frame(folder / "front.csv", 12), load_study(folder / "study.yaml")
    found = tolerance_of(tables)
    assert len(found.steps) > 10
    for step in found.steps:
        asked = Tolerance(step.tolerance, None) if "within" in tolerance else Tolerance(None, step.tolerance)
        try:
            expected = int(picked_of(front, study, None, asked, lambda: tables.summary.dense.score)["trial"])
        except NothingFits:
            expected = None
        assert step.trial == expected, step
    own = found.steps[found.start].tolerance
    assert own == (study.pick.within if study.pick.within is not None else study.pick.needed)


def test_the_steps_reach_from_nothing_to_everybody(played):
    steps = tolerance_of(played).steps
    losses = [step.tolerance for step in steps]
    assert losses == sorted(set(losses))
    assert losses[0] == 0.0
    worst = min(row.accuracy_val for row in played.front)
    assert steps[-1].floor <= worst
    assert len(steps) < 130


def test_who_is_not_known_to_stand_noise_is_not_picked(tmp_path):
    folder = playable_run(tmp_path / "run")
    with (folder / "study.yaml").open("a") as study:
        study.write("robustness: {noise: 0.1, lose_at_most: 0.02}\n")
    assert {step.trial for step in tolerance_of(read_run(folder)).steps} == {None}


def test_without_a_front_or_a_study_of_this_version_there_is_no_slider(tmp_path, run_dir):
    assert tolerance_of(read_run(playable_run(tmp_path / "run", front=False))) is None
    assert tolerance_of(read_run(run_dir)) is None
