"""Interrupt every long command at random moments, and look at what it leaves.

python tests/faults/interrupts.py [--count 40] [--seed 0] [--only run,tickets,...]

Real processes get SIGINT, SIGTERM or SIGHUP (some twice, some with all their processes, as a terminal sends it). Each
must end with exit 3 and one line, leave no ``.part`` file and no process; one that was done by then ends with exit 0.
Before Python runs the program's first line nothing of ours can act: such cases are counted by themselves. A search is
interrupted again and again in one folder until it ends, and what it found must be what an undisturbed one found. Prints
the seed, each case, and a table; exit 1 where something broke a law.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

LINE = "error: interrupted; the same line goes on where this one stopped"
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
STUDY = """
name: interrupted
seed: 0
data: {name: digits, train_size: 300}
network: {layers: fc24-fc16, batch_norm: true}
space: {sparsity: [0.0, 0.5, 0.8], granularity: [weight, "nm:4", channel], weight_bits: [2, 4, 8], timesteps: [2, 3]}
device: {profile: nrf51822_microbit, budgets: {memory_bytes: 3000}}
objectives: [error, energy_j, memory_bytes]
train: {dense_epochs: 9, epochs: 9, dense_learning_rate: 0.01, learning_rate: 0.01}
search: {candidates: 8, batch: 4, stack: 4}
final: {seeds: 1}
pick: {within: 0.3}
"""
TABLE = "speed,load,gear\n" + "\n".join(f"{i % 7},{i % 5},{'ab'[i % 2]}" for i in range(400)) + "\n"


@dataclass
class Told:
    """How the cases of a command ended."""

    moments: list[float] = field(default_factory=list)
    interrupted: int = 0
    done: int = 0
    before_python: int = 0
    wrong: int = 0


def commands(work):
    """Return the arguments of each command, by its name; what they need is made in a folder."""
    study, finished = work / "study.yaml", work / "finished"
    return {
        "run": ["run", study, "--out", work / "run", "--workers", "1"],
        "run2": ["run", study, "--out", work / "run2", "--workers", "2"],
        "tickets": [
            "tickets",
            study,
            "--out",
            work / "tickets",
            "--only",
            "magnitude",
            "--only",
            "early_bird",
        ],
        "export": ["export", finished, "--to", work / "model", "--format", "config,weights,nir,c"],
        "verify": ["verify", work / "whole_model"],
        "check": ["data", "check", study, "--to", work / "data.png"],
        "leave-out": ["data", "leave-out", study, "--out", work / "left", "--folds", "3"],
        "init": ["init", "--data", work / "table.csv", "--label", "gear", "--to", work / "first.yaml"],
        "front": ["front", finished],
        "pick": ["pick", finished],
        "report": ["report", finished],
    }


def hwsearch(arguments):
    """Start a command in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "hwsearch", *map(str, arguments)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def timed(arguments):
    """Run a command undisturbed; return its seconds."""
    start = time.monotonic()
    process = hwsearch(arguments)
    out, told = process.communicate(timeout=600)
    if process.returncode != 0:
        raise SystemExit(f"{arguments}: exit {process.returncode}\n{out}{told}")
    return time.monotonic() - start


def left_of(session):
    """Return the processes of a session that are still there, zombies not counted."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            after = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(after[3]) == session and after[0] != "Z":
                found.append((entry / "cmdline").read_text().replace("\0", " ")[:120])
        except (OSError, IndexError):
            continue
    return found


def interrupt(arguments, draw, longest):
    """Start a command, send it a signal at a random moment; return the process's end and what was sent."""
    process = hwsearch(arguments)
    moment, name = draw.uniform(0.0, longest), draw.choice(SIGNALS)
    again, whole = draw.random() < 0.25, draw.random() < 0.4
    send = os.killpg if whole else os.kill
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        send(process.pid, getattr(signal, name))
        if again:
            time.sleep(draw.uniform(0.0, 0.4))
            if process.poll() is None:
                send(process.pid, getattr(signal, draw.choice(SIGNALS)))
    start = time.monotonic()
    out, told = process.communicate(timeout=600)
    took = time.monotonic() - start
    words = f"{name}{' twice' if again else ''}{' to all' if whole else ''} at {moment:.2f} s, out after {took:.2f} s"
    return process, moment, name, out, told, words


def faults_of(process, told, name, work):
    """Return how a case ended (``interrupted``, ``done``, ``before_python``), and what is wrong with it."""
    code, wrong = process.returncode, []
    if code == 0:
        ended = "done"
    elif code == -getattr(signal, name) or (
        code != 3 and "KeyboardInterrupt" in told and "hwsearch/" not in told
    ):
        ended = "before_python"
    else:
        ended = "interrupted"
        if code != 3:
            wrong.append(f"exit {code}")
        # notes of the work before it may stand above
        if told.strip().splitlines()[-1:] != [LINE] or told.count("error:") > 1 or "Traceback" in told:
            wrong.append(f"said {told.strip()[-600:]!r}")
    for _ in range(20):
        orphans = left_of(process.pid)
        if not orphans:
            break
        time.sleep(0.1)
    wrong += [f"left a process: {words}" for words in orphans]
    if ended != "before_python":
        wrong += [f"left {path}" for path in work.rglob("*.part") if path.name != "manifest.json.part"]
    return ended, wrong


def answers(folder):
    """Return what is wrong with what the commands that look into a run say of an unfinished one."""
    wrong = []
    lines = (
        ["front", folder],
        ["pick", folder, "--smallest"],
        ["report", folder],
        ["export", folder, "--to", folder / "model"],
    )
    for command in lines:
        process = hwsearch(command)
        out, told = process.communicate(timeout=120)
        if process.returncode not in (0, 1, 4) or "Traceback" in told or not (out + told).strip():
            wrong.append(f"{command[0]} on what there is: exit {process.returncode}, {told.strip()[-400:]!r}")
    shutil.rmtree(folder / "model", ignore_errors=True)
    return wrong


def same(first, second):
    """Return what differs between two runs' tables, but for the clock."""
    wrong = []
    for name in ("trials.csv", "front.csv"):
        a, b = (pd.read_csv(folder / name, dtype=str, keep_default_na=False) for folder in (first, second))
        # what similarity predicts is a sum over a batch: its last digits hang on which candidates were asked together
        a, b = (table.drop(columns=["wall_s", "similarity"], errors="ignore") for table in (a, b))
        if not a.equals(b):
            wrong.append(f"{name} is not what an undisturbed run writes")
    return wrong


def main():
    """Interrupt, and print what came of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    draw, told = random.Random(asked.seed), {}
    for (
        name
    ) in SIGNALS:  # which nohup and a shell's & leave ignored, for all that is started from here as well
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        (work / "study.yaml").write_text(STUDY)
        (work / "table.csv").write_text(TABLE)
        lines = commands(work)
        chosen = [name for name in lines if not asked.only or name in asked.only.split(",")]
        whole_run = timed(["run", work / "study.yaml", "--out", work / "finished", "--workers", "1"])
        if "verify" in chosen:
            timed(
                [
                    "export",
                    work / "finished",
                    "--to",
                    work / "whole_model",
                    "--format",
                    "config,weights,nir,c",
                ]
            )
        print(f"seed {asked.seed}, {asked.count} interrupts of {', '.join(chosen)}", flush=True)
        longest = {"run": whole_run, "run2": whole_run}
        for name in chosen:
            longest[name] = longest.get(name) or timed(lines[name])
            for path in lines[name]:
                if isinstance(path, Path) and path.name in ("run", "run2", "tickets", "left", "model"):
                    shutil.rmtree(path, ignore_errors=True)
        for number in range(asked.count):
            name = chosen[number % len(chosen)]
            of = told.setdefault(name, Told())
            (work / "first.yaml").unlink(missing_ok=True)  # `init` writes over no file
            process, moment, sent, _, said, words = interrupt(lines[name], draw, 1.05 * longest[name])
            ended, wrong = faults_of(process, said, sent, work)
            folder = next((p for p in lines[name] if isinstance(p, Path) and p.name in ("run", "run2")), None)
            if folder is not None and ended == "done":
                wrong += same(folder, work / "finished")
                shutil.rmtree(folder)
            elif folder is not None and (folder / "study.yaml").exists() and number % 3 == 0:
                wrong += answers(folder)
            elif ended == "done" and name in ("tickets", "leave-out"):
                shutil.rmtree(lines[name][lines[name].index("--out") + 1])
            of.moments.append(moment)
            setattr(of, ended, getattr(of, ended) + 1)
            of.wrong += bool(wrong)
            print(
                f"{number:4} {name:9} {words}: {ended}{''.join(f'; WRONG: {each}' for each in wrong)}",
                flush=True,
            )
        for name in ("run", "run2"):
            if name in chosen:
                timed(lines[name])
                wrong = same(lines[name][3], work / "finished")
                told[name].wrong += bool(wrong)
                print(f"{name} to its end: {'; '.join(wrong) or 'as undisturbed'}")
    print(f"{'command':10}{'cases':>6}{'interrupted':>12}{'done':>6}{'before Python':>14}{'wrong':>6}")
    for name, of in told.items():
        print(f"{name:10}{len(of.moments):6}{of.interrupted:12}{of.done:6}{of.before_python:14}{of.wrong:6}")
    wrong = sum(of.wrong for of in told.values())
    print(f"{asked.count} interrupts, {wrong} wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
