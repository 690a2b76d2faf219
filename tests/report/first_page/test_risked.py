"""What is risked: each risk in a sentence, and what was not measured is said with how to measure it."""

import pytest
from builders.first_pages import changed_pick, run_of, with_stress
from builders.runs import synthetic_run, with_summary

from hwsearch.report.first_page.risked import disturbance, pick_rows, risked, stressed
from hwsearch.report.first_page.words import words_of
from hwsearch.stress.kinds import KINDS


def text(part, language="en"):
    return "".join(span.text for span in words_of(language).spans(part)).replace("\N{NO-BREAK SPACE}", " ")


def told(folder):
    return [text(item) for item in risked(run_of(folder)).blocks[0].items]


@pytest.mark.parametrize(
    ("accuracy", "words"),
    [
        (0.972, "0.9 points worse"),
        (0.981, "as good as the dense network"),
        (0.99, "0.9 points better"),
        (None, "is not known"),
    ],
)
def test_accuracy_against_the_dense_network(tmp_path, accuracy, words):
    assert words in told(changed_pick(synthetic_run(tmp_path), accuracy_test=accuracy))[0]


def test_the_interval_the_network_handed_over_and_the_worst_class(tmp_path):
    said = told(changed_pick(synthetic_run(tmp_path), recall_min_test=0.75))
    assert "lies between 95.0 % and 98.5 %" in said[1]
    assert "means over 3 trainings" in said[2]
    assert "answers 96.8 %" in said[2]
    assert said[3] == "Of the class that it recognises worst it recognises 75.0 %."


def test_one_training_is_called_one(tmp_path):
    assert "rest on one training" in told(changed_pick(synthetic_run(tmp_path), seeds=1))[2]


def test_energy_has_its_grade_or_is_not_known(tmp_path):
    folder = synthetic_run(tmp_path)
    assert any("estimated (generic 45 nm prices)" in one for one in told(folder))
    assert any("That does not mean none" in one for one in told(changed_pick(folder, energy_j=None)))


@pytest.mark.parametrize(("as_device", "shown"), [(True, False), (False, True), (None, True)])
def test_arithmetic_that_is_not_established_is_a_risk(tmp_path, as_device, shown):
    folder = with_summary(synthetic_run(tmp_path), arithmetic={"as_device": as_device, "words": "x"})
    assert any("not established" in one for one in told(folder)) == shown


def test_stress_names_what_is_borne_worse_the_worst_first(tmp_path):
    folder = with_stress(synthetic_run(tmp_path))
    said = next(one for one in told(folder) if "bears" in one)
    assert said == (
        "It bears some disturbances worse than the dense network: timesteps 2 times coarser costs it 20.0 points more "
        "and flips of 1.0 % of the stored bits costs it 10.0 points more."
    )
    assert len(pick_rows(run_of(folder))) == 5


def test_without_stress_the_command_is_told(tmp_path):
    assert any(
        "hwsearch stress 'a run' measures it" in one for one in told(synthetic_run(tmp_path / "a run"))
    )


def test_every_kind_of_disturbance_has_words_and_a_level(tmp_path):
    for kind in KINDS:
        row = with_stress_row(kind.name, kind.levels[0])
        for language in ("en", "ja"):
            assert text(disturbance(row), language)
        spelt = (
            "share" if ("of" in kind.unit.split() and kind.name != "leak") or kind.name == "gain" else "count"
        )
        assert stressed(row, "level").kind == spelt, kind


def with_stress_row(kind, level):
    from builders.stress_rows import row

    return row("trial 3", kind, level)


def test_what_all_rests_on_stands_last(tmp_path):
    assert "1,079 samples for training, 359 for validation, 360 for test" in told(synthetic_run(tmp_path))[-1]
