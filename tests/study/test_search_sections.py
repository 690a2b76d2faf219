"""Sections of search, tickets, finals and pick: each law, and what is worked out from their keys."""

from pathlib import Path
from typing import Any

import pytest
from builders.studies import SHORT, changed, faults, load

from hwsearch.study.search_sections import Pick, Search


@pytest.mark.parametrize(
    ("key", "value", "law"),
    [
        ("search.candidates", 0, "a count must be at least 1"),
        ("search.sampler", "bo", "must be 'tpe', 'nsga2', 'gp', 'random' or 'grid'"),
        ("final.seeds", True, "must be a valid integer; got true"),
        ("pick", {"within": 0.1, "min_accuracy": 0.9}, "exactly one of within and min_accuracy"),
        (
            "pick",
            {"min_score": 0.9, "min_accuracy": 0.9},
            "exactly one of within and min_accuracy (or min_score)",
        ),
        ("pick.within", 1.5, "an accuracy or its loss must lie in [0, 1]"),
        ("pick.within", None, "exactly one of within and min_accuracy"),
    ],
)
def test_each_law_of_search_finals_and_pick(tmp_path: Path, key: str, value: Any, law: str) -> None:
    (fault,) = faults(tmp_path, changed(key, value))
    assert key.partition(".")[0] in fault
    assert law in fault


@pytest.mark.parametrize(
    ("sampler", "rank", "ranked"),
    [
        ("tpe", True, True),
        ("nsga2", True, True),
        ("gp", False, False),
        ("random", True, False),
        ("grid", True, False),
    ],
)
def test_what_random_and_grid_suggest_is_asked_as_it_comes(sampler: Any, rank: bool, ranked: bool) -> None:
    assert Search(candidates=1, sampler=sampler, rank=rank).ranked is ranked


@pytest.mark.parametrize("finder", ["iterative", "early_time"])
def test_a_ladder_rewinds_within_its_training(tmp_path: Path, finder: str) -> None:
    content = changed("tickets", {"finder": finder, "rewind_epoch": 5}) | {"train": {"dense_epochs": 4}}
    (fault,) = faults(tmp_path, content)
    assert "tickets.rewind_epoch: rewind_epoch may be dense_epochs at most (4); got 5" in fault


def test_other_finders_do_not_rewind(tmp_path: Path) -> None:
    content = changed("tickets", {"finder": "magnitude", "rewind_epoch": 5}) | {"train": {"dense_epochs": 4}}
    assert load(tmp_path, content).tickets.rewind_epoch == 5


def test_a_tolerance_is_given_once() -> None:
    assert (Pick().within, Pick().min_accuracy) == (0.01, None)
    assert (Pick(min_score=0.9).within, Pick(min_score=0.9).needed, Pick(min_accuracy=0.8).needed) == (
        None,
        0.9,
        0.8,
    )
    assert (Pick(min_accuracy=0.9).within, Pick(min_accuracy=0.9).min_accuracy) == (None, 0.9)


def test_defaults_cut_magnitudes_once(tmp_path: Path) -> None:
    tickets = load(tmp_path, SHORT).tickets
    assert (tickets.finder, tickets.criterion, tickets.order) == (
        "magnitude",
        "magnitude",
        "quantise_then_prune",
    )
