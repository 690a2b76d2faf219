"""A sensor drifts: what it would cost, whether the monitor notices, what retraining regains, command by command.

    python -m benchmarks.drift_story RUN --sensor 6 --work DIR > benchmarks/results/drift_story.md

RUN is the folder of a finished run of measured, standardised values, which is copied below DIR. Each command is run as
it is typed, and stands with what it printed. Test samples are the stream: as they are once, then drifted, groups whole
in a drawn order.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from benchmarks.retrain import OFFSET, Drift, Task, drifted, task_of, write_changed
from hwsearch.cli import app
from hwsearch.data.parts import split_samples
from hwsearch.data.together import equal_samples
from hwsearch.export.weights import read_weights
from hwsearch.monitor.groups import Groups
from hwsearch.stress.measure import right

LEVELS = (0.05, 0.1, 0.15, 0.2, 0.3)


def main() -> None:
    """Print the story."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument("--sensor", type=int, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--data-root", type=Path)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    task = task_of(options.run, options.work, options.data_root)
    work = task.work
    print(f"# {task.name}: sensor {options.sensor} drifts\n")
    print(f"`python -m benchmarks.drift_story RUN --sensor {options.sensor} --work DIR`\n")
    print("Each command as it was typed, with what it printed; seconds are of a machine under other work.\n")
    _typed(work, "export", "run", "--format", "config,weights,c,monitor", "--to", "watched")
    print(f"## What it would cost\n\n{_curve(task, options.sensor)}\n")
    print("## Is it noticed?\n")
    drift = Drift(OFFSET, options.sensor)
    print(f"{_stream(task, drift)}\n")
    _typed(work, "monitor", "watched", "--data", "stream.npz")
    print("## What retraining regains\n")
    write_changed(replace(task.samples, x=drifted(task, drift, 0)), task, work / "drifted.npz")
    _typed(work, "retrain", "watched", "--data", "drifted.yaml", "--to", "retrained")
    _typed(work, "verify", "retrained")


def _typed(work: Path, *words: str) -> None:
    """Run a command in a folder, and print it with its output; paths are shown as they are typed there."""
    names = {"run", "watched", "stream.npz", "drifted.yaml", "retrained"}
    done = CliRunner().invoke(app, [str(work / word) if word in names else word for word in words])
    if done.exit_code:
        raise SystemExit(f"{' '.join(words)}: {done.output}{done.exception or ''}")
    shown = done.stdout.replace(f"{work}/", "")
    print(f"```\n$ hwsearch {' '.join(words)}\n{shown.rstrip()}\n```\n", flush=True)


def _curve(task: Task, sensor: int) -> str:
    """Return the table of what an offset of one sensor takes from the network as it is stored."""
    network, _ = read_weights(task.model / "weights.safetensors")
    x, y, most = task.plan.data.x_test, task.plan.data.y_test, task.plan.data.input.max
    whole = float(right(network, x, y).mean())
    rows = ["| offset, of the range | accuracy on test | lost |", "|---|---|---|"]
    for level in (0.0, *LEVELS):
        moved = np.moveaxis(x.astype(np.float64), -3, 0)
        moved[sensor] += level * most
        given = np.moveaxis(np.clip(np.rint(moved), 0, most), 0, -3).astype(np.uint8)
        share = float(right(network, given, y).mean())
        rows.append(f"| {level:+g} | {share:.1%} | {100 * (whole - share):.1f} points |")
    return "\n".join(rows)


def _stream(task: Task, drift: Drift) -> str:
    """Write the stream; say what it is."""
    data, samples = task.plan.study.data, task.samples
    test = split_samples(data, samples, equal_samples(samples.x)).test
    groups = Groups(np.arange(len(test)) if samples.groups is None else samples.groups[test])
    order = test[groups.drawn(np.random.default_rng(0).permutation(groups.n))]
    np.savez(task.work / "stream.npz", x=np.concatenate([samples.x[order], drifted(task, drift, 0)[order]]))
    return (
        f"`stream.npz` has the {len(test):,} test samples twice: as they are, and from inference {len(test) + 1:,} "
        f"on with sensor {drift.sensor} up by {drift.strength:g} of the range that the encoder tells apart."
    )


if __name__ == "__main__":
    main()
