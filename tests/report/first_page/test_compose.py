"""The verdict repeats what the criteria say; nothing fits, nothing picked and no rival each read right."""

import pandas as pd
import pytest
from builders.first_pages import page_of, shapes, with_rival, with_sections
from builders.runs import synthetic_run

from hwsearch.report.first_page.words import LANGUAGES, words_of


@pytest.fixture(scope="module")
def runs(tmp_path_factory, finished):
    return shapes(tmp_path_factory.mktemp("runs")) | {"real": finished}


def text(part, language="en"):
    return "".join(span.text for span in words_of(language).spans(part)).replace("\N{NO-BREAK SPACE}", " ")


def verdict(folder, language="en"):
    return [text(block.sentence, language) for block in page_of(folder).sections[0].blocks]


def names(folder):
    return [section.name for section in page_of(folder).sections]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("plain", "A small trial is worth it"),
        ("rival wins", "Try an ordinary network first"),
        ("worse", "misses a criterion: memory"),
        ("no pick", "none of them is accurate enough"),
        ("nothing fits", "No: no model of those tried fits generic_45nm."),
    ],
)
def test_the_verdict(runs, name, words):
    assert words in verdict(runs[name])[0]


def test_a_run_with_a_pick_has_every_section(runs):
    assert names(runs["rival"]) == ["decision", "saved", "risked", "plain", "plan", "meeting", "terms"]


def test_without_a_pick_there_is_nothing_saved(runs):
    for name in ("no pick", "nothing fits"):
        assert names(runs[name]) == ["decision", "plain", "plan", "meeting", "terms"]


def test_without_a_pick_the_best_is_named(runs):
    assert verdict(runs["no pick"])[1].endswith("the dense network 98.6 %.")


def test_the_nearest_miss_is_told_in_numbers_where_the_run_has_them(tmp_path):
    folder = synthetic_run(tmp_path, front=False)
    over = pd.read_csv(folder / "trials.csv").query("outcome == 'over_budget'").iloc[0]
    miss = f"nothing fits. Nearest miss: trial {over.trial} (sparsity 0.9): needs memory_bytes 13,000, the budget is"
    said = verdict(with_sections(folder, nearest_miss=miss))
    assert said[1].startswith("The nearest one misses by its memory: it needs ")
    assert said[1].endswith("and 12.0 KiB are allowed.")


def test_other_reasons_are_told_in_the_run_s_words(runs, tmp_path):
    folder = synthetic_run(tmp_path, front=False)
    said = verdict(with_sections(folder, nearest_miss="nothing to hand over: <none> is a model"))
    assert said[1] == "In the words of the run: nothing to hand over: <none> is a model"
    assert len(verdict(with_sections(folder, nearest_miss=None))) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_run_can_be_told_in_both_languages(runs, language):
    for folder in runs.values():
        assert len(verdict(folder, language)[0]) > 10


def test_a_score_of_its_own_is_explained(tmp_path):
    folder = with_sections(synthetic_run(tmp_path, pick=False), score="balanced_accuracy")
    terms = [text(item) for item in page_of(folder).sections[-1].blocks[0].items]
    assert any(one.startswith("Balanced accuracy:") for one in terms)


def test_an_ordinary_network_is_called_by_its_name_in_the_details_where_there_are_any(tmp_path):
    folder = synthetic_run(tmp_path)
    terms = " ".join(text(item) for item in page_of(folder).sections[-1].blocks[0].items)
    assert "plain network" not in terms
    terms = " ".join(text(item) for item in page_of(with_rival(folder)).sections[-1].blocks[0].items)
    assert "plain network" in terms
