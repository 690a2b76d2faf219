"""The plan has its four stages with the run's numbers, and none is made where there is no model to try."""

import pytest
from builders.first_pages import run_of, shapes
from builders.runs import synthetic_run, with_summary

from hwsearch.report.first_page.criteria import criteria
from hwsearch.report.first_page.parts import Bullets, Heading, Paragraph, Table
from hwsearch.report.first_page.stages import meeting, meeting_without, no_plan, staged_plan
from hwsearch.report.first_page.words import words_of


def text(part, language="en"):
    return "".join(span.text for span in words_of(language).spans(part)).replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return shapes(tmp_path_factory.mktemp("runs"))


def test_it_has_four_stages(runs):
    run = run_of(runs["plain"])
    blocks = staged_plan(run, criteria(run)).blocks
    headings = [text(block.sentence) for block in blocks if isinstance(block, Heading)]
    assert [heading.partition(":")[0] for heading in headings] == [f"Stage {n}" for n in (1, 2, 3, 4)]
    assert sum(isinstance(block, Table) for block in blocks) == 2


def test_the_trial_asks_for_as_many_samples_as_the_test_had(runs):
    run = run_of(runs["plain"])
    trial = [text(item) for item in staged_plan(run, criteria(run)).blocks[1].items]
    assert "hwsearch export plain --to model" in trial[0]
    assert any("at least 360" in one for one in trial)
    assert "hwsearch stress plain" in trial[-1]


def test_what_was_not_recorded_has_words_too(tmp_path):
    run = run_of(
        with_summary(synthetic_run(tmp_path), samples={}, cost={"train_steps": 1, "dense_train_steps": 1})
    )
    said = [text(item) for item in staged_plan(run, criteria(run)).blocks[1].items]
    assert any("at least as many as the test here had" in one for one in said)
    table = staged_plan(run, criteria(run)).blocks[-1]
    assert text(table.rows[-1][2]) == "Orders a new search, or ends the use"


def test_who_retrains_when_is_told_with_the_limit(runs):
    run = run_of(runs["plain"])
    table = staged_plan(run, criteria(run)).blocks[-1]
    assert [text(row[0]) for row in table.rows] == ["Site", "Data team", "Device team", "Whoever decides"]
    assert text(table.rows[1][1]).startswith("Accuracy on site falls below 95.0 %")
    assert "hwsearch retrain model --data NEW --to model_new" in text(table.rows[1][2])
    assert "13 min" in text(table.rows[3][2])


def test_without_an_interval_the_limit_is_the_one_that_was_set(runs):
    run = run_of(runs["untested"])
    table = staged_plan(run, criteria(run)).blocks[-1]
    assert text(table.rows[1][1]).startswith("Accuracy on site falls below the limit that was set")


def test_the_meeting_has_the_numbers(runs):
    said = [text(item) for item in meeting(run_of(runs["plain"])).blocks[0].items]
    assert "“It takes 1.9 KiB of memory instead of 18.4 KiB, 89.7 % less.”" in said
    assert any("was 97.2 %. Below 95.0 %" in one for one in said)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("plain", "was not measured here"), ("rival wins", "would do with less"), ("no energy", "not known yet"),
        ("untested", "was not measured yet"), ("rival fails", "none of them reaches"),
    ],
)  # fmt: skip
def test_the_meeting_says_what_is_not_known(runs, name, words):
    assert any(words in text(item) for item in meeting(run_of(runs[name])).blocks[0].items)


@pytest.mark.parametrize("name", ["nothing fits", "no pick"])
def test_without_a_pick_no_trial_is_planned(runs, name):
    run = run_of(runs[name])
    blocks = no_plan(run).blocks
    assert isinstance(blocks[0], Paragraph)
    assert text(blocks[0].sentence).startswith("No trial is planned")
    assert isinstance(blocks[1], Bullets)
    assert any("larger device" in text(item) for item in blocks[1].items) == (name == "nothing fits")
    assert "not to start a trial now" in text(meeting_without(run).blocks[0].items[0])


def test_where_an_ordinary_network_is_enough_the_meeting_proposes_that_one(runs):
    said = [text(item) for item in meeting(run_of(runs["rival wins"])).blocks[0].items]
    assert said[0].startswith("“An ordinary network would do with less. We propose to try that one first")
    assert not any("try the model on one" in one for one in said)
