"""Held against networks without spikes: who takes less, what may be luck, and why there is nothing to compare."""

import pytest
from builders.first_pages import run_of, with_rival
from builders.runs import synthetic_run, with_summary

from hwsearch.report.first_page.parts import Cell, Number
from hwsearch.report.first_page.plain import (
    Compared,
    against_plain,
    compared,
    plain_is_enough,
    why_not_compared,
)
from hwsearch.report.first_page.words import words_of


def one(column, spiking, plain):
    numbers = (None if v is None else Number("bytes", (Cell("a", "", "b", v),)) for v in (spiking, plain))
    return Compared(column, *numbers)


def told(run, language="en"):
    words = words_of(language)
    return [
        "".join(span.text for span in words.spans(block.sentence)).replace("\N{NO-BREAK SPACE}", " ")
        for block in against_plain(run).blocks
    ]


@pytest.mark.parametrize(
    ("spiking", "plain", "better", "by_luck"),
    [
        (100, 200, "spiking", False), (200, 100, "plain", False), (100, 100, "same", True), (100, 133, "spiking", True),
        (100, 134, "spiking", False), (None, 5, "unknown", False), (0, 5, "unknown", False),
    ],
)  # fmt: skip
def test_the_smaller_is_better_and_a_difference_below_a_quarter_may_be_luck(spiking, plain, better, by_luck):
    found = one("memory_bytes", spiking, plain)
    assert (found.better, found.by_luck) == (better, by_luck)


def test_a_plain_network_is_enough_where_it_clearly_takes_less_and_nowhere_more():
    assert plain_is_enough([one("memory_bytes", 200, 100), one("energy_j", None, 1)])
    assert plain_is_enough([one("memory_bytes", 200, 100), one("energy_j", 5, 5)])
    assert not plain_is_enough([one("memory_bytes", 200, 100), one("energy_j", 4, 5)])
    assert not plain_is_enough([one("memory_bytes", 110, 100)])
    assert not plain_is_enough([])


def test_the_least_of_each_front_are_compared(tmp_path):
    run = run_of(with_rival(synthetic_run(tmp_path), memory_bytes=6000, energy_j=5e-8))
    least = min(row.memory_bytes for row in run.tables.front if row.accuracy_val >= 0.9)
    memory, energy = compared(run)
    assert memory.spiking.value == least
    assert memory.plain.cells[0].place == "rival.csv place=0 memory_bytes"
    assert energy.better == "plain"
    said = told(run)
    assert said[1].startswith("At the accuracy that is needed the spiking network takes less memory:")
    assert said[2].startswith("The ordinary network takes less energy: 50 nJ per answer against")


def test_what_may_be_luck_is_said(tmp_path):
    folder = synthetic_run(tmp_path)
    least = min(row.memory_bytes for row in run_of(folder).tables.front)
    assert "may be luck" in told(run_of(with_rival(folder, memory_bytes=least + 1, energy_j=1.0)))[-1]
    assert told(run_of(folder), "ja")[-1].endswith("偶然の可能性があります。")


@pytest.mark.parametrize(
    ("floor", "accuracy", "words"),
    [
        (0.97, 0.5, "Only a spiking network reaches"),
        (0.999, 0.9995, "Only an ordinary network reaches"),
        (0.999, 0.5, "Neither a spiking nor an ordinary"),
    ],
)
def test_who_alone_is_accurate_enough(tmp_path, floor, accuracy, words):
    run = run_of(with_rival(synthetic_run(tmp_path), floor=floor, accuracy_val=accuracy))
    assert compared(run) == []
    assert told(run)[1].startswith(words)


@pytest.mark.parametrize(
    ("rival", "key", "words"),
    [
        (None, "not_asked", "is not known"),
        (
            {"why_none": "loihi1 runs spikes only: its profile"},
            "why.spikes_only",
            "runs spiking networks only",
        ),
        ({"why_none": "this study prices the exported C library's code"}, "why.firmware", "program code"),
        ({"why_none": "it would have to answer after every frame"}, "why.frames", "at every moment"),
        ({"why_none": "a new <reason>"}, "why.other", "a new <reason>"),
    ],
)
def test_why_there_is_nothing_to_compare(tmp_path, rival, key, words):
    run = run_of(with_summary(synthetic_run(tmp_path), rival=rival))
    assert why_not_compared(run) == key
    assert words in told(run)[1]


def test_the_reasons_are_those_that_a_run_gives():
    from hwsearch.hardware.profiles.load import load_profile
    from hwsearch.records.summary_parts import Rival
    from hwsearch.report.first_page.plain import _REASONS
    from hwsearch.rival.price import why_none

    words = Rival(why_none=why_none(load_profile("loihi1"))).why_none
    assert [key for text, key in _REASONS.items() if text in words] == ["spikes_only"]
