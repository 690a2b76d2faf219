"""What do picks lose under disturbances that dense networks do not, on several tasks?

    python -m benchmarks.stress RUN [RUN ...] --work DIR > benchmarks/results/stress.md

Each RUN is the folder of a finished run; what is measured is written into a copy below DIR. Of each run the pick and
the smallest member of the front are run on the test split under every disturbance of `hwsearch stress`, beside the
dense networks that they were cut from.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import hwsearch
from hwsearch.api_stress import stress
from hwsearch.records.stress import DENSE, StressRow
from hwsearch.stress.kinds import KINDS
from hwsearch.stress.words import samples_words, sentences


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args()
    print("# Stress: what picks lose under disturbances\n")
    print(f"`python -m benchmarks.stress RUN ... --work DIR --seeds {options.seeds}`\n")
    print(
        "Points of accuracy lost against the same network undisturbed. In brackets, how much more that is than the "
        "dense network\nloses on the same samples under the same draws; **bold** where the interval of all comparisons "
        "together leaves 0 out.\n"
    )
    for run in options.runs:
        copy = options.work / run.name
        if not copy.exists():
            shutil.copytree(run, copy)
        result = hwsearch.load_run(copy)
        smallest = int(result.pick("smallest", within="100%")["trial"])
        trials = list(dict.fromkeys([int(result.pick()["trial"]), smallest]))
        _, rows = stress(
            copy, trials=trials, seeds=options.seeds, tell=lambda text: print(text, file=sys.stderr)
        )
        print(f"## {result.study.name} on {result.summary['profile']}\n")
        print("\n".join(table(rows)))
        print(f"\n{samples_words(rows)}\n")
        for text in sentences(rows):
            print(f"- {text}")
        print(flush=True)


def table(rows: Sequence[StressRow]) -> list[str]:
    """Return a table of the first dense network and the candidates."""
    names = list(dict.fromkeys(row.candidate for row in rows))
    dense = next(name for name in names if name.startswith(DENSE))
    shown = [dense, *(name for name in names if not name.startswith(DENSE))]
    lines = [f"| disturbance | level | {' | '.join(shown)} |", "|---|---|" + "---|" * len(shown)]
    cells = {(row.candidate, row.kind, row.level): row for row in rows if row.accuracy is not None}
    lines.append(
        "| none: accuracy | | " + " | ".join(_share(cells[name, "undisturbed", 0.0]) for name in shown) + " |"
    )
    for kind in KINDS:
        for level in kind.levels:
            if any((name, kind.name, level) in cells for name in shown):
                found = (cells.get((name, kind.name, level)) for name in shown)
                words = " | ".join("" if row is None else _lost(row) for row in found)
                lines.append(f"| {kind.words} | {level:g} {kind.unit} | {words} |")
    return lines


def _share(row: StressRow) -> str:
    return f"{100 * (row.accuracy or 0):.1f} % ({100 * (row.low or 0):.1f} to {100 * (row.high or 0):.1f})"


def _lost(row: StressRow) -> str:
    said = f"{100 * (row.loss or 0.0):.1f}"
    if row.extra_loss is None:
        return said
    sure = (row.extra_low or 0.0) > 0 or (row.extra_high or 0.0) < 0
    extra = f"({100 * row.extra_loss:+.1f})"
    return f"{said} **{extra}**" if sure else f"{said} {extra}"


if __name__ == "__main__":
    main()
