"""Runs beside each other: what each answers and cost, and in which keys their studies differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hwsearch.records.changed import leaves
from hwsearch.records.front import DenseRow, FrontRow
from hwsearch.records.run_folder import RunFolder
from hwsearch.report.answer import interval
from hwsearch.report.layers import knobs
from hwsearch.report.quantities import UNKNOWN, count, duration, plain, score_words, short, spell
from hwsearch.report.tables import RunTables
from hwsearch.study.model import load_study

Line = tuple[str, tuple[str, ...]]
"""What a line is of, and a cell for each run."""

_WORDS = ("name", "description")
_COSTS = ("memory_bytes", "energy_j", "latency_s", "synaptic_ops")


def answers_beside(runs: Sequence[RunTables]) -> list[Line]:
    """Return what each run is, picked and cost, a line a quantity; what a run does not tell is a dash."""
    summaries = [tables.summary for tables in runs]
    lines: list[Line] = [
        ("study", tuple(summary.study for summary in summaries)),
        ("device", tuple(summary.profile for summary in summaries)),
        ("pick", tuple(UNKNOWN if s.pick is None else knobs(s.pick) for s in summaries)),
    ]
    scores = sorted({summary.score for summary in summaries} - {"accuracy"})
    for who in ("pick", "dense"):
        rows: list[FrontRow | DenseRow | None] = [getattr(summary, who) for summary in summaries]
        lines += [
            (
                f"{who}: {score_words(score)} on test",
                tuple(
                    _tested(row, "score_test") if summary.score == score else UNKNOWN
                    for row, summary in zip(rows, summaries, strict=True)
                ),
            )
            for score in scores
        ]
        lines.append((f"{who}: test accuracy", tuple(_tested(row, "accuracy_test") for row in rows)))
        lines += [
            (f"{who}: {short(name)}", tuple(spell(name, None if row is None else row.number(name)) for row in rows))
            for name in _COSTS
        ]  # fmt: skip
    costs = [summary.cost for summary in summaries]
    asked = [s.counts.get("asked", len(tables.trials)) for s, tables in zip(summaries, runs, strict=True)]
    lines += [
        ("front", tuple(count(summary.front_size) for summary in summaries)),
        ("candidates asked", tuple(count(n) for n in asked)),
        ("dense trainings' worth", tuple(_worth(c.train_steps, c.dense_train_steps) for c in costs)),
        ("time on the clock", tuple(UNKNOWN if c.wall_s is None else duration(c.wall_s) for c in costs)),
    ]
    return [(name, cells) for name, cells in lines if any(cell != UNKNOWN for cell in cells)]


def keys_that_differ(runs: Sequence[RunTables]) -> list[Line]:
    """Return the keys, dotted, in which the studies as used differ besides their words, with the value of each.

    Raises:
        InputError: A folder's study.yaml cannot be read.
    """
    studies: list[dict[str, Any]] = []
    for tables in runs:
        whole = load_study(RunFolder(tables.run_dir).study).to_yaml_dict()
        studies.append({".".join(map(str, place)): value for place, value in leaves(whole, ())})
    keys = [key for key in dict.fromkeys(key for study in studies for key in study) if key not in _WORDS]
    told = [(key, tuple(str(study.get(key, UNKNOWN)) for study in studies)) for key in keys]
    return [(key, cells) for key, cells in told if len(set(cells)) > 1]


def _tested(row: FrontRow | DenseRow | None, name: str) -> str:
    return UNKNOWN if row is None or row.number(name) is None else interval(row, name)


def _worth(steps: int, dense: int) -> str:
    return plain(steps / dense) if dense else UNKNOWN
