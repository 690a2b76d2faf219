"""Spiking networks against plain ones, study by study, device by device: who is smaller, who is more frugal?

    python -m benchmarks.plain_rival RUN [RUN ...] > benchmarks/results/plain_rival.md

A RUN is a finished `hwsearch run` of a study with `rival: true`, the default. Every finalist
of both kinds is priced on each device; at several tolerances the smallest, and the most frugal, of either kind that is
accurate enough on validation (means over fresh seeds) stand beside each other.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from hwsearch.api import Result, load_run
from hwsearch.errors import NothingFits
from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.records.front import FrontRow, NetworkRow
from hwsearch.records.rival import read_rivals
from hwsearch.records.summary import Summary, read_summary
from hwsearch.records.tables import plain_cells
from hwsearch.report.quantities import percent, spell, times
from hwsearch.report.rival import cost_words, plain_name
from hwsearch.results.rival_elsewhere import rivals_on
from hwsearch.rival.choose import picked
from hwsearch.rival.price import why_none

DEVICES = ("nrf51822_microbit", "stm32l4r5", "xylo_audio2", "speck2f", "artix7_35t")
LOSSES = (0.0, 0.01, 0.02, 0.04)
"""Score that may be lost against the dense spiking network, beside the study's own tolerance."""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    print("# Spiking networks against plain ones\n")
    print(
        "Rebuilt by `python -m benchmarks.plain_rival RUN [RUN ...]`, of studies as shipped, and of the README's with\n"
        "its front confirmed; the script says what is compared. A spiking network is trained anew as often as may\n"
        "change its pick, a plain one with every fresh seed; what is foretold of a spiking front has no network and\n"
        "does not count. A plain front has few members: between two of them the next better one stands. Seconds are\n"
        "of a busy machine.\n"
    )
    for run in parser.parse_args().runs:
        report(load_run(run))


def report(result: Result) -> None:
    """Print what is to be said of one run."""
    summary = read_summary(result.folder.summary)
    home = load_profile(result.folder.profile)
    confirmed = ", front confirmed" if result.folder.confirmed.exists() else ""
    print(f"## {summary.study}, searched on {summary.profile}{confirmed}\n")
    print(f"{result.against_plain()}\n")
    if cost := cost_words(summary):
        assert summary.rival is not None
        taken = f"They took {summary.rival.processor_s or 0:.0f} s of a core, the search {summary.cost.wall_s:.0f} s."
        print(f"{cost} {taken}\n")
    print(
        "| device | may lose | smallest spiking | smallest plain | | most frugal spiking | most frugal plain | |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for device in [home, *(load_profile(name) for name in DEVICES if name != home.id)]:
        for line in rows(result, summary, device, own=device is home):
            print(f"| {device.id} | {line} |", flush=True)
    print("\n| plain network | validation | test (95 % interval) | memory |\n|---|---|---|---|")
    for row in read_rivals(result.folder.rival):
        tested = f"{percent(row.accuracy_test or 0)} ({percent(row.accuracy_test_low or 0)} to "
        tested += f"{percent(row.accuracy_test_high or 0)}), {row.seeds} seeds"
        print(f"| {plain_name(row)} | {percent(row.accuracy_val)} | {tested} | {row.memory_bytes:,} B |")
    print()


def rows(result: Result, summary: Summary, device: HardwareProfile, *, own: bool) -> Iterator[str]:
    """Yield the cells of each tolerance on a device."""
    try:
        front = result.front if own else result.front_on(device).front
    except NothingFits:
        spiking: list[FrontRow] = []
    else:
        spiking = [FrontRow.model_validate(plain_cells(row)) for row in front.to_dict("records")]
    none = why_none(device)
    plain = [] if none else read_rivals(result.folder.rival) if own else rivals_on(result.folder, device)
    if not spiking or none:
        said = "no spiking network of the run fits" if not spiking else f"{len(spiking)} spiking networks fit"
        yield f"| {said}; {none or 'plain ones are not compared'} | | | | |"
        return
    dense = summary.dense.score or 0.0
    within = result.study.pick.within
    for loss in sorted({*LOSSES, *([] if within is None else [within])}):
        found = cells(spiking, plain, dense - loss, result.study.pick.chance)
        yield f"{100 * loss:.2g} points | {' | '.join(found)}"


def cells(
    spiking: Sequence[NetworkRow], plain: Sequence[NetworkRow], floor: float, chance: float | None = None
) -> Iterator[str]:
    """Yield the smallest of both kinds and who wins, then the most frugal; chance: that of the study's pick."""
    for rule, column, less in (("smallest", "memory_bytes", "smaller"), ("frugal", "energy_j", "less")):
        ours, theirs = (picked(found, rule, floor, chance) for found in (spiking, plain))
        a, b = (None if row is None else row.number(column) for row in (ours, theirs))
        for row, value in ((ours, a), (theirs, b)):
            yield "none" if row is None else f"{spell(column, value)} ({percent(row.score or 0)})"
        if ours is None or theirs is None:
            yield "" if ours is theirs else f"only {'plain' if ours is None else 'spiking'}"
        elif a is None or b is None:
            yield "not known"
        else:
            word = "spiking" if a < b else "plain"
            yield f"{word}: {times(max(a, b), min(a, b), '', less)}" if a != b else "equal"


if __name__ == "__main__":
    main()
