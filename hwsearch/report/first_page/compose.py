"""The first page and the staged plan of a run that has ended, as a text without a language. Decides nothing.

The verdict repeats what the criteria say: what fits was settled by the search, what was picked by the study's rule.
"""

from __future__ import annotations

import re

from hwsearch.report.first_page.criteria import Criterion, criteria
from hwsearch.report.first_page.numbers import TRIALS, Run, limits, number
from hwsearch.report.first_page.parts import (
    Block,
    Bullets,
    Document,
    Listed,
    Paragraph,
    Section,
    Sentence,
    Text,
    said,
)
from hwsearch.report.first_page.plain import against_plain, compared, plain_is_enough
from hwsearch.report.first_page.risked import risked
from hwsearch.report.first_page.saved import amount, name_of, saved
from hwsearch.report.first_page.stages import meeting, meeting_without, no_plan, staged_plan
from hwsearch.report.tables import RunTables

_MISS = re.compile(r"Nearest miss: trial (\d+).*?needs (\w+) ")
_BEGIN = ("spiking", "dense")
_END = ("validation", "test", "interval", "points", "answer", "export", "bytes", "joule")


def first_page(tables: RunTables) -> Document:
    """Return the whole text: the answer, what is saved and risked, networks without spikes, the plan, sentences.

    Args:
        tables: What the run's folder holds.
    """
    run = Run(tables)
    title = said("page.title", study=Text(tables.summary.study), device=run.device_name)
    trial = run.pick("trial")
    if trial is None:
        return Document(
            title,
            (
                _answer(_without_pick(run)),
                against_plain(run),
                no_plan(run),
                meeting_without(run),
                _terms(run),
            ),
        )
    found = criteria(run)
    return Document(
        title,
        (
            _answer([_verdict(run, found)]),
            saved(run, trial),
            risked(run),
            against_plain(run),
            staged_plan(run, found),
            meeting(run),
            _terms(run),
        ),
    )


def _answer(told: list[Sentence]) -> Section:
    blocks: list[Block] = [Paragraph(sentence, strong=place == 0) for place, sentence in enumerate(told)]
    return Section("decision", said("page.question"), (*blocks, Paragraph(said("page.what"))))


def _verdict(run: Run, found: list[Criterion]) -> Sentence:
    """Return what to do, by the criteria; a network without spikes that does as well comes first."""
    device = run.device_name
    if plain_is_enough(compared(run)):
        return said("verdict.plain", device=device)
    failed = tuple(one.name for one in found if one.state == "failed")
    if failed:
        return said("verdict.failed", device=device, failed=Listed(failed))
    unsettled = tuple(one.name for one in found if one.state in ("open", "doubtful", "unset", "unknown"))
    if unsettled:
        return said("verdict.open", device=device, open=Listed(unsettled))
    return said("verdict.good", device=device)


def _without_pick(run: Run) -> list[Sentence]:
    """Say that nothing fits, with the nearest miss, or that nothing is accurate enough, with the best."""
    summary = run.tables.summary
    if run.tables.trained_front:
        best = max(run.tables.trained_front, key=lambda row: row.score or 0.0)
        column = f"{run.scored}_val"
        reached = number("front.csv", f"trial={best.trial}", column, best.number(column))
        told = [said("verdict.inaccurate", device=run.device_name)]
        return [*told, said("verdict.best", best=amount(reached), dense=amount(run.dense(column)))]
    told = [said("verdict.nothing", device=run.device_name)]
    miss = _nearest(run)
    if miss is not None:
        return [*told, miss]
    return (
        [*told, said("verdict.miss_words", words=Text(summary.nearest_miss))]
        if summary.nearest_miss
        else told
    )


def _nearest(run: Run) -> Sentence | None:
    """Return the nearest miss in numbers, of the candidate that the run names; None where there are none of it."""
    match = _MISS.search(run.tables.summary.nearest_miss or "")
    row = next((row for row in run.tables.trials if match and row.trial == int(match[1])), None)
    most = next((most for name, most in limits(run) if match and name == match[2]), None)
    if match is None or row is None or most is None:
        return None
    for column in (match[2], f"{match[2]}_predicted"):
        need = number(TRIALS, f"trial={row.trial}", column, row.number(column), most.kind)
        if need is not None and need.value > most.value:
            return said("verdict.miss", name=name_of(match[2]), need=need, most=most)
    return None


def _terms(run: Run) -> Section:
    """Return what the words mean; of a score only where it is the study's."""
    summary = run.tables.summary
    names = [*_BEGIN, "plain_ordinary" if summary.rival is None else "ordinary", *_END]
    items = [said(f"term.{name}") for name in names]
    if summary.score != "accuracy":
        items.append(said(f"term.{summary.score}"))
    return Section("terms", said("term.title"), (Bullets(tuple(items)),))
