"""The command line: argv in, text out. The only printing and the only exit codes of the package.

Nothing heavy is imported until a command needs it: ``--help`` and ``profiles`` must answer at once.
"""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path
from typing import Annotated

import typer

from hwsearch.cli_answers import (
    print_answer,
    print_doubts,
    print_notes,
)
from hwsearch.cli_check import Plugins, StudyName
from hwsearch.cli_cluster import SchedulerAddress, TlsCa, TlsCert, TlsKey, scheduler_of
from hwsearch.cli_compare import compare
from hwsearch.cli_data import data
from hwsearch.cli_doctor import doctor
from hwsearch.cli_exits import run_command
from hwsearch.cli_front import front, pick
from hwsearch.cli_init import init
from hwsearch.cli_monitor import monitor
from hwsearch.cli_options import RunDir, Storage, Workers, cores
from hwsearch.cli_profiles import profiles
from hwsearch.cli_report import report
from hwsearch.cli_retrain import retrain
from hwsearch.cli_rules import Accurate, Chance, Frugal, MinAccuracy, MinScore, Smallest, Within, rule_of
from hwsearch.cli_stress import stress
from hwsearch.cli_watch import watch
from hwsearch.data.plugins import install
from hwsearch.errors import Fault, InputError
from hwsearch.interrupts import heeded
from hwsearch.loading import kept
from hwsearch.shown import line, say, say_block

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(profiles, name="profiles")
app.add_typer(data, name="data")


def _say_version(wanted: bool) -> None:
    if wanted:
        say(f"hwsearch {importlib.metadata.version('hwsearch')}")
        raise typer.Exit


@app.callback()
def everywhere(
    plugin: Plugins = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Find the smallest spiking neural network that fits a device."""
    install(plugin or ())


def main() -> None:
    """Run the command line; every failure is one message and an exit code (`cli_exits`, `interrupts`)."""
    with heeded():
        code = run_command(_answer)
    sys.exit(code)


def _answer() -> None:
    """Answer the command line; an argument that a terminal would not show as it is goes no further.

    Raises:
        InputError: There is one: a file's name may have come from anywhere, and typer repeats what it refuses.
    """
    if unclear := [text for text in sys.argv[1:] if line(text) != text]:
        law, todo = "an argument must be text of one line, without controls", "rename the file or folder"
        raise InputError([Fault("arguments", law, line(text), todo) for text in unclear])
    app()


def run(
    name: StudyName,
    out: Annotated[Path | None, typer.Option(help="Run folder (default: runs/<name of the study>).")] = None,
    data_root: Annotated[Path | None, typer.Option(help="Folder of data sets (or HWSEARCH_DATA).")] = None,
    workers: Workers = None,
    scheduler: SchedulerAddress = None,
    tls_ca: TlsCa = None,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    storage: Annotated[
        str | None, typer.Option(help="Optuna storage URL (default: the folder's own, else a file in it).")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Replaces the study's seed.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda (auto: a GPU where there is one).")] = "auto",
    plugin: Plugins = None,
) -> None:
    """Search a study; the same line again resumes, and prints the answer of a run that has ended."""
    from hwsearch.records.finished import answered, asked, lacks_rival, pages_stand
    from hwsearch.records.summary import read_summary
    from hwsearch.study.shipped import find_study

    # all that can be refused is refused before torch is loaded, and what is answered is told without it
    study = find_study(name)
    cluster = scheduler_of(scheduler, (tls_ca, tls_cert, tls_key), workers)
    wanted, folder = asked(study, out=out, data_root=data_root, seed=seed)
    summary = answered(wanted, study, folder, storage)
    plain = device in ("auto", "cpu") and (workers is None or workers >= 1)
    told = summary is not None and pages_stand(folder, summary) and not lacks_rival(wanted, summary, folder)
    if not (plain and told):
        from hwsearch.search.jobs import fork_server

        processes = cores() if workers is None else workers
        if cluster is None and processes > 1:
            fork_server.ready()  # it loads torch while this process does
        with kept():
            from hwsearch import api
            from hwsearch.terminal import Progress

        install(plugin or ())
        with Progress(wanted.name) as progress:
            result = api.run(
                study,
                out=out,
                data_root=data_root,
                workers=processes,
                storage=storage,
                seed=seed,
                device=device,
                scheduler=cluster,
                listen=progress.listen,
            )
        fork_server.end()
        summary = read_summary(result.folder.summary)
    assert summary is not None
    print_answer(folder, summary)


def export(
    directory: RunDir,
    to: Annotated[Path, typer.Option(help="Folder to write.")],
    trial: Annotated[int | None, typer.Option(help="Which trial (default: the study's pick).")] = None,
    formats: Annotated[
        str, typer.Option("--format", help="Comma-separated: config, weights, nir, c, monitor.")
    ] = "config,weights",
    storage: Storage = None,
    smallest: Smallest = False,
    frugal: Frugal = False,
    accurate: Accurate = False,
    within: Within = None,
    min_accuracy: MinAccuracy = None,
    min_score: MinScore = None,
    chance: Chance = None,
) -> None:
    """Write a model as files, with a manifest and the means to verify them."""
    rule = rule_of(
        {"smallest": smallest, "frugal": frugal, "accurate": accurate},
        within=within, min_accuracy=min_accuracy, min_score=min_score, chance=chance,
    )  # fmt: skip
    if rule and trial is not None:
        raise InputError([Fault("--trial", "a trial or a rule may be given", f"{trial} and a rule")])
    from hwsearch.results.result import load_run

    names = [name.strip() for name in formats.split(",") if name.strip()]
    result = load_run(directory, storage=storage)
    if rule:
        trial = int(result.pick(**rule)["trial"])
    folder = result.export(trial, to=to, formats=names)
    print_notes(result.notes)
    say(f"{folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}")
    print_doubts(result.trials, trial)


def verify(
    directory: Annotated[Path, typer.Argument(help="An export's folder.", metavar="OUT")],
    board: Annotated[
        str | None, typer.Option(help="Also run its C library on an emulated board: microbit, ...")
    ] = None,
    own_code: Annotated[
        bool, typer.Option("--own-code", help="Run its C library though this version would write another.")
    ] = False,
) -> None:
    """Load an export anew and prove that it is what its record says."""
    from hwsearch.errors import RecordError
    from hwsearch.export.bundle import verify as check_export

    checks = check_export(directory, board, own_code=own_code)
    for check in checks:
        word = "skip" if check.skipped else "ok  " if check.passed else "FAIL"
        say(f"{word} {check.name}: {check.detail}")
    failed = [check.name for check in checks if not check.passed]
    if failed:
        raise RecordError(f"{directory}: {len(failed)} of {len(checks)} checks failed: {', '.join(failed)}")


def tickets(
    name: StudyName,
    out: Annotated[Path | None, typer.Option(help="Folder (default: runs/<name of the study>).")] = None,
    data_root: Annotated[Path | None, typer.Option(help="Folder of data sets (or HWSEARCH_DATA).")] = None,
    only: Annotated[list[str] | None, typer.Option(help="A finder to compare; may be repeated.")] = None,
) -> None:
    """Compare every ticket finder: accuracy against sparsity, cost, and the knee; the same line again resumes."""
    from hwsearch.study.model import load_study
    from hwsearch.study.shipped import find_study

    study = find_study(name)
    load_study(study)
    from hwsearch import api

    chosen = {} if not only else {"finders": only}
    folder = api.compare_finders(
        study, out=out, data_root=data_root, tell=lambda text: say(text, flush=True), **chosen
    )
    say_block((folder / "tickets.md").read_text(encoding="utf-8"))
    say(f"{folder}: {', '.join(sorted(path.name for path in folder.glob('tickets.*')))}")


for command in (
    init, run, watch, front, pick, export, verify, stress, monitor, retrain, compare, tickets, report, doctor,
):  # fmt: skip
    app.command()(command)
