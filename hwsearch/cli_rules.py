"""The options that pick a member of a front, which `pick` and `export` share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from hwsearch.errors import Fault, InputError

Smallest = Annotated[bool, typer.Option("--smallest", help="The least memory.")]
Frugal = Annotated[bool, typer.Option("--frugal", help="The least energy.")]
Accurate = Annotated[bool, typer.Option("--accurate", help="The best accuracy.")]
Within = Annotated[str | None, typer.Option(help="Accuracy (score) that may be lost: 1% or 0.01.")]
MinAccuracy = Annotated[str | None, typer.Option(help="Accuracy needed: 95% or 0.95.")]
MinScore = Annotated[str | None, typer.Option(help="The same of the study's score.")]

Chance = Annotated[
    str | None, typer.Option(help="That its recipe is worse, on fresh splits: at most so much (20%).")
]


def rule_of(
    rules: Mapping[str, bool], *, chance: str | None = None, **tolerances: str | None
) -> dict[str, str]:
    """Return what options ask of `Result.pick`, by its arguments; nothing where the study's rule is to be taken.

    Raises:
        InputError: Several rules or tolerances are given, or a tolerance or the chance is none.
    """
    from hwsearch.study.laws import Accuracy
    from hwsearch.study.laws import Chance as Law
    from hwsearch.study.yaml_border import check_option

    chosen = [name for name, on in rules.items() if on]
    if len(chosen) > 1:
        law = "at most one of --smallest, --frugal, --accurate may be given"
        raise InputError([Fault("", law, ", ".join(chosen))])
    given = {name: value for name, value in tolerances.items() if value is not None}
    options = {f"--{name.replace('_', '-')}": value for name, value in given.items()}
    for name, value in options.items():
        check_option(name, Accuracy, value)
    if len(given) > 1:
        law = "at most one of --within, --min-accuracy and --min-score may be given"
        raise InputError([Fault("", law, ", ".join(f"{name} {value}" for name, value in options.items()))])
    if chance is not None:
        check_option("--chance", Law, chance)
        given["chance"] = chance
    return given | ({"rule": chosen[0]} if chosen else {})
