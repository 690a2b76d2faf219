"""The options that pick a member of a front, which `pick` and `export` share."""

from __future__ import annotations

from typing import Annotated

import typer

from hwsearch.errors import Fault, InputError

Smallest = Annotated[bool, typer.Option("--smallest", help="The least memory.")]
Frugal = Annotated[bool, typer.Option("--frugal", help="The least energy.")]
Accurate = Annotated[bool, typer.Option("--accurate", help="The best accuracy.")]
Within = Annotated[str | None, typer.Option(help="Accuracy that may be lost: 1% or 0.01.")]
MinAccuracy = Annotated[str | None, typer.Option(help="Accuracy needed: 95% or 0.95.")]


def rule_of(rules: dict[str, bool], within: str | None, min_accuracy: str | None) -> str | None:
    """Return the rule that options ask for, or None for the study's.

    Raises:
        InputError: Several are given, or a tolerance is none.
    """
    from hwsearch.study.laws import Accuracy
    from hwsearch.study.yaml_border import check_option

    chosen = [name for name, on in rules.items() if on]
    if len(chosen) > 1:
        law = "at most one of --smallest, --frugal, --accurate may be given"
        raise InputError([Fault("", law, ", ".join(chosen))])
    for name, value in {"--within": within, "--min-accuracy": min_accuracy}.items():
        check_option(name, Accuracy | None, value)
    if within is not None and min_accuracy is not None:
        law = "at most one of --within and --min-accuracy may be given"
        raise InputError([Fault("", law, f"--within {within}, --min-accuracy {min_accuracy}")])
    return chosen[0] if chosen else None
