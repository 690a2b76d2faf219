"""Bad inputs, drawn from the schemas and by hand: each must be refused in words, or fail as one candidate.

    PYTHONPATH=tests python -m faults.bad_inputs --count 2000 --seed 0 --to benchmarks/results/bad_inputs.md

calls the command line with inputs until so many were refused, and prints how many of each kind were tried, what came of
them, and every promise that was broken. What is accepted is no bad input: an accepted profile must then price networks
and be searched, an accepted study that is cheap must be searched, without a crash.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import itertools
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest import mock

from faults.accepted import cheap, searched_profile, searched_study
from faults.call import Answer, called
from faults.case import Case, snapshot, wrong
from faults.drawn import devices, profile_case, studies, study_case
from faults.exports import export_cases
from faults.folders import argument_cases, cache_cases, name_cases, run_cases, url_cases
from faults.tables import data_cases
from faults.texts import yaml_cases
from hypothesis import HealthCheck, Phase, given, seed, settings

_CHUNK = 120
_ENDS = {0: "accepted", 1: "nothing fits", 2: "refused", 3: "stopped"}


class OutOfTime(BaseException):
    """The minutes that were given are over."""


class Accepted(BaseException):
    """A study that would be searched now: the input was not bad."""


@dataclass
class Tally:
    """What came of the cases, by kind; and what was wrong."""

    ends: dict[str, collections.Counter[str]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def add(self, case: Case, answer: Answer, broken: list[str]) -> None:
        """Count a case."""
        end = "wrong" if broken else _ENDS.get(answer.code or 0, "other")
        self.ends.setdefault(case.kind, collections.Counter())[end] += 1
        self.wrong += [f"{case.kind}: {case.name}: {text}" for text in broken]
        self.slowest = max(self.slowest, answer.seconds)

    @property
    def refused(self) -> int:
        """How many were refused as they should be."""
        return sum(count["refused"] for count in self.ends.values())


def tried(case: Case) -> tuple[Answer, list[str]]:
    """Lay a case out, call, and return the answer and what was wrong with it."""
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = Path(name)
        argv = case.lay(folder)
        before = snapshot(folder)
        answer = _answered(case, argv, folder)
        return answer, wrong(case, answer, before, snapshot(folder))


def _answered(case: Case, argv: list[str], folder: Path) -> Answer:
    """Call; a drawn study is searched only where that is cheap, an accepted profile where that is its turn."""
    if case.kind == "study":
        with mock.patch("hwsearch.api.search", side_effect=Accepted):
            answer = called(argv, folder)
        if "Accepted" not in answer.err:
            return answer
        found = replace(answer, err="", code=0)
        return searched_study(argv, folder) if cheap(folder / argv[1]) else found
    answer = called(argv, folder)
    if case.kind == "profile" and answer.code == 0:
        return searched_profile(folder, folder / argv[2])
    return answer


def by_hand(draw: random.Random, size: int) -> list[Case]:
    """Return the cases that are not drawn from a schema; size: how many edits of each place of a file."""
    return [
        *yaml_cases(),
        *export_cases(draw, size),
        *data_cases(draw, 12 * size),
        *run_cases(draw, 120 * size),
        *cache_cases(draw, 20 * size),
        *url_cases(),
        *name_cases(),
        *argument_cases(draw, 150 * size),
    ]


def drawn(number: int, start: int, use: Callable[[Case], None]) -> None:
    """Draw so many studies, and as many profiles, and use each."""
    asked = settings(
        max_examples=number,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    for cases in (studies.map(study_case), devices.map(profile_case)):
        seed(start)(asked(given(cases)(lambda case: use(case))))()


def report(tally: Tally, command: str, seconds: float) -> Iterator[str]:
    """Yield the lines of a table of what was tried."""
    ends = [*_ENDS.values(), "wrong"]
    yield "# Bad inputs\n"
    yield f"`{command}`\n"
    yield f"| kind | tried | {' | '.join(ends)} |"
    yield "|---" * (len(ends) + 2) + "|"
    for kind, count in sorted(tally.ends.items()):
        yield f"| {kind} | {count.total()} | {' | '.join(str(count[end]) for end in ends)} |"
    total = sum(tally.ends.values(), collections.Counter())
    yield f"| all | {total.total()} | {' | '.join(str(total[end]) for end in ends)} |"
    yield f"\n{tally.refused:,} refused of {total.total():,} tried, {len(tally.wrong)} promises broken; the "
    yield f"slowest took {tally.slowest:.1f} s, all of them {seconds:.0f} s."
    yield from (f"- {text}" for text in tally.wrong)


def main() -> int:
    """Try so many bad inputs; return 1 where a promise was broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=2000, help="bad inputs to be refused")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kind", help="only this kind")
    parser.add_argument("--hand", type=int, help="so many of the cases by hand (default: all)")
    parser.add_argument("--minutes", type=float, help="stop after so many, whatever was refused")
    parser.add_argument("--to", type=Path, help="the table is written here too")
    asked = parser.parse_args()
    start, tally = time.monotonic(), Tally()

    def use(case: Case) -> None:
        if asked.minutes is not None and time.monotonic() - start > 60 * asked.minutes:
            raise OutOfTime
        if asked.kind in (None, case.kind):
            answer, broken = tried(case)
            tally.add(case, answer, broken)
            for text in broken:
                print(f"{case.kind}: {case.name}: {text}", flush=True)

    with contextlib.suppress(OutOfTime):
        _try_all(asked, tally, use)
    command = f"python -m faults.bad_inputs --count {asked.count} --seed {asked.seed}"
    command += "" if asked.minutes is None else f" --minutes {asked.minutes:g}"
    text = "\n".join(report(tally, command, time.monotonic() - start))
    print(text)
    if asked.to is not None:
        asked.to.write_text(text + "\n")
    return int(bool(tally.wrong))


def _try_all(asked: argparse.Namespace, tally: Tally, use: Callable[[Case], None]) -> None:
    """Try the cases by hand in a drawn order, drawn ones between them and after them until enough were refused."""
    draw = random.Random(asked.seed)
    cases = [case for case in by_hand(draw, 1) if asked.kind in (None, case.kind)]
    cases = draw.sample(cases, len(cases) if asked.hand is None else min(asked.hand, len(cases)))
    turns = itertools.count(asked.seed)
    draws = asked.count > 0 and asked.kind in (None, "study", "profile")
    while cases or (draws and tally.refused < asked.count):
        for case in cases[:_CHUNK]:
            use(case)
        cases = cases[_CHUNK:]
        if draws:
            drawn(_CHUNK // 4, next(turns), use)
        print(f"{tally.refused} refused", file=sys.stderr, flush=True)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
