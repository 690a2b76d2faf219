"""The command line's first step: ``hwsearch init`` asks a few questions, or takes the answers as options.

Nothing heavy is imported until a command needs it.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hwsearch.errors import Fault, InputError, did_you_mean
from hwsearch.shown import say, say_block

if TYPE_CHECKING:
    from hwsearch.start.look import Found

_QUESTIONS = {
    "label": "Which holds the classes?",
    "group": "Which says what belongs together (a run, a machine, a person), so that it stays in one part?",
    "time": "Which gives the order of rows?",
}
_NEEDED = ("label",)
_NONE = "none"
"""What is answered where there is no such column or array."""


def init(
    data: Annotated[
        Path | None,
        typer.Option(
            help="csv, tsv, parquet or npz; a folder or zip of wav, images or events.", metavar="PATH"
        ),
    ] = None,
    label: Annotated[
        str | None,
        typer.Option(help="Column or array of the classes; for wav, folder or a pattern of names."),
    ] = None,
    group: Annotated[str | None, typer.Option(help="Column or array of what belongs together; none.")] = None,
    time: Annotated[str | None, typer.Option(help="Column that rows are sorted by; none.")] = None,
    part: Annotated[str | None, typer.Option(help="Column or array of train and test; none.")] = None,
    x: Annotated[str | None, typer.Option(help="Array of the samples (npz).")] = None,
    columns: Annotated[
        str | None,
        typer.Option(help="Columns of the inputs, comma-separated (default: all numbers without a use)."),
    ] = None,
    window: Annotated[int | None, typer.Option(help="Rows of a sample; 1: each row is one.")] = None,
    hop: Annotated[int | None, typer.Option(help="Rows from one window's start to the next's.")] = None,
    axes: Annotated[str | None, typer.Option(help="Of x with three axes: NTC or NCL (npz).")] = None,
    device: Annotated[str | None, typer.Option(help="Id of a device: hwsearch profiles list.")] = None,
    budget: Annotated[
        list[str] | None, typer.Option(help="A limit, memory_bytes=16KiB say; may be repeated.")
    ] = None,
    within: Annotated[str | None, typer.Option(help="Accuracy that may be lost: 1% or 0.01.")] = None,
    to: Annotated[
        Path | None, typer.Option(help="The file to write (default: named as the data, here).")
    ] = None,
) -> None:
    """Write a first study of your own data, sized to them; what no option says is asked for on a terminal."""
    asks = _asks()
    if data is None:
        if not asks:
            raise InputError([Fault("--data", "there must be data", todo="add --data PATH")])
        data = Path(typer.prompt("Your data (a file or a folder)"))
    from hwsearch.start.look import look

    found = look(data)
    said = {"label": label, "group": group, "time": time, "part": part, "x": x}
    uses = _uses(found, said, asks)
    settings: dict[str, Any] = {
        name: value for name, value in (("hop", hop), ("axes", axes)) if value is not None
    }
    if columns is not None:
        settings["columns"] = [name.strip() for name in columns.split(",") if name.strip()]
    settings |= _window(found, uses, window, asks)
    budgets = _budgets(budget or [])
    device = device or (_device() if asks else "nrf52840")
    within = within or (typer.prompt("Accuracy that may be lost", "1%") if asks else "1%")
    to = to or Path(typer.prompt("The file to write", f"{data.stem}.yaml") if asks else f"{data.stem}.yaml")
    from hwsearch.start.write import Answers, write_first_study

    plan = write_first_study(found, Answers(data, device, within, uses, settings, budgets), to)
    say(f"{to}: {plan.study.network.layers} for {plan.profile.id}; then")
    shown = shlex.quote(str(to))
    say(f"  hwsearch data check {shown}")
    say(f"  hwsearch run {shown}")


def _asks() -> bool:
    """Return whether somebody is there to be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _uses(found: Found, said: dict[str, str | None], asks: bool) -> dict[str, str]:
    """Return which column or array is what: as said, else as asked, else as guessed.

    Raises:
        InputError: A name is not in the file, or what is needed was neither said nor guessed.
    """
    if not found.fields:  # folders and zips: the readers' own laws
        return {name: value for name, value in said.items() if value not in (None, _NONE)}
    faults, uses = [], {}
    if asks:
        for name, words in found.fields.items():
            say(f"  {name}: {words}")
    for use, given in said.items():
        guess = found.guesses.get(use)
        asked = asks and use in _QUESTIONS and not (use == "time" and found.source == "npz")
        if given is None and asked:
            given = typer.prompt(_QUESTIONS[use], default=guess or (None if use in _NEEDED else _NONE))
        name = given or guess or _NONE
        if name in found.fields:
            uses[use] = name
        elif name != _NONE:
            law = f"the {use} must be in the file"
            faults.append(Fault(f"--{use}", law, repr(name), did_you_mean(name, found.fields, "names")))
        elif use in _NEEDED:
            listed = "; ".join(f"{field} ({words})" for field, words in found.fields.items())
            faults.append(Fault(f"--{use}", f"the {use} must be named", "", f"it has {listed}"))
    if faults:
        raise InputError(faults)
    return uses


def _window(found: Found, uses: dict[str, str], window: int | None, asks: bool) -> dict[str, Any]:
    """Return the rows of a sample of a table: windows where rows belong together or are in order of time."""
    if found.rows is None:
        return {} if window is None else {"window": window}
    if window is None:
        from hwsearch.start.look import window_for

        window = window_for(found, uses)
        if asks:
            window = typer.prompt("Rows of a sample (1: each row is one)", window, type=int)
    return {} if window == 1 else {"window": window}


def _budgets(given: list[str]) -> dict[str, str]:
    """Return limits by cost, of NAME=LIMIT each.

    Raises:
        InputError: One is no such pair.
    """
    pairs = [text.partition("=") for text in given]
    wrong = [name + sign + limit for name, sign, limit in pairs if not (name and sign and limit)]
    if wrong:
        law = "a budget must be NAME=LIMIT, as memory_bytes=16KiB"
        raise InputError([Fault("--budget", law, repr(text)) for text in wrong])
    return {name: limit for name, _, limit in pairs}


def _device() -> str:
    """Ask for a device until it is a known one."""
    from hwsearch.hardware.profiles.load import load_profile

    while True:
        answer = typer.prompt("Device", "nrf52840")
        try:
            load_profile(answer, "device")
        except InputError as error:
            say_block(error)
        else:
            return str(answer)
