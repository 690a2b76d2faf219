"""The command line's answers of a run: ``hwsearch front`` and ``hwsearch pick``, without torch where it has ended."""

from __future__ import annotations

from typing import Annotated

import typer

from hwsearch.cli_answers import (
    print_front,
    print_front_on,
    print_notes,
    print_pick,
    print_provisional_pick,
    print_recall,
    print_rival,
)
from hwsearch.cli_options import AsJson, RunDir, Storage, Workers, cores
from hwsearch.cli_rules import Accurate, Chance, Frugal, MinAccuracy, MinScore, Smallest, Within, rule_of
from hwsearch.errors import NothingFits
from hwsearch.shown import say, say_block


def front(
    directory: RunDir,
    profile: Annotated[str | None, typer.Option(help="Price the finished trials on another device.")] = None,
    confirm: Annotated[
        bool,
        typer.Option(
            "--confirm", help="First train its recipes with every fresh seed, where that was not done."
        ),
    ] = False,
    workers: Workers = None,
    storage: Storage = None,
    as_json: AsJson = False,
) -> None:
    """Show the Pareto front of a run."""
    from hwsearch.hardware.arithmetic import claim_of
    from hwsearch.hardware.profiles.load import load_profile

    device = None if profile is None else load_profile(profile, "--profile")
    from hwsearch.records.summary import read_summary
    from hwsearch.results.result import load_run

    if confirm:
        from hwsearch import api
        from hwsearch.terminal import Progress

        with Progress(directory.name) as progress:
            api.confirm(
                directory,
                api.Asker(cores() if workers is None else workers, storage, listen=progress.listen),
            )
    result = load_run(directory, storage=storage)
    if not as_json:
        print_notes(result.notes)
    if device is None:
        table = result.front
        if table.empty:
            raise NothingFits(read_summary(result.folder.summary).nearest_miss or "")
        if as_json:
            say_block(table.to_json(orient="records", indent=2, double_precision=15))
            return
        print_front(table)
        print_rival(result.against_plain())
        return
    elsewhere = result.front_on(device)
    if as_json:
        say_block(elsewhere.front.to_json(orient="records", indent=2, double_precision=15))
        return
    print_front_on(elsewhere)
    print_rival(result.against_plain(device))
    for name, label in device.labels.items():
        say(f"{name} on {device.id}: {label}")
    say(claim_of(device, result.laws).words)


def pick(
    directory: RunDir,
    smallest: Smallest = False,
    frugal: Frugal = False,
    accurate: Accurate = False,
    within: Within = None,
    min_accuracy: MinAccuracy = None,
    min_score: MinScore = None,
    chance: Chance = None,
    as_json: AsJson = False,
) -> None:
    """Pick a member of the front (default: by the study's rule)."""
    rule = rule_of(
        {"smallest": smallest, "frugal": frugal, "accurate": accurate},
        within=within, min_accuracy=min_accuracy, min_score=min_score, chance=chance,
    )  # fmt: skip
    from hwsearch.records.by_class import read_recalls
    from hwsearch.records.front import FrontRow
    from hwsearch.records.summary import read_summary
    from hwsearch.records.tables import plain_cells
    from hwsearch.results.result import load_run

    result = load_run(directory)
    try:
        row = result.pick(**rule)
    except NothingFits as error:
        if result.finished and (other := result.foretold_instead(**rule)):
            raise NothingFits(f"{error}; {other}") from None
        raise
    if as_json:
        say_block(row.to_json(indent=2, double_precision=15))
        return
    picked = FrontRow.model_validate(plain_cells(row.to_dict()))
    print_notes(result.notes)
    if not result.finished:
        print_provisional_pick(picked)
        return
    summary = read_summary(result.folder.summary)
    asked = {name: value for name, value in rule.items() if name != "rule"}
    print_pick(picked, summary.dense, summary.score, result.chance_of_pick(row, **asked))
    print_recall(picked, summary, read_recalls(result.folder.recalls))
    print_rival(result.foretold_instead(**rule))
