"""Sequences against stills: the same samples, the same network and budgets, with and without time.

    python -m benchmarks.sequences [--candidates 24] [--workers 1] [--work DIR] > benchmarks/results/sequences.md

Each study is searched as it is, over sequences; over the same samples squeezed into one frame (the mean of values, the
sum of counts), shown at every timestep; and, of fully connected networks, over the same frames laid side by side in one
still image, so that all of their values are there at once. All have the study's network, budgets, epochs and number of
candidates; stills are shown for T out of ``STILL_TIMESTEPS``, since more of what never changes tells nothing new. The
figure, ``benchmarks/results/sequences.png``, has the fronts. With ``--work`` the runs lie there, and what has ended is
not run again. Progress goes to standard error.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import hwsearch
from hwsearch.api import make_plan
from hwsearch.data.datasets import find_root
from hwsearch.data.readers.read import read_samples
from hwsearch.data.samples import Samples
from hwsearch.study.data_section import NpzData
from hwsearch.study.model import Study, load_study, write_study

STILL_TIMESTEPS = (2, 4)
COLOURS = {"sequence": "#00936b", "one frame": "#d55e00", "side by side": "#2b83c6"}
FIGURE = Path("benchmarks/results/sequences.png")


@dataclass(frozen=True)
class Front:
    """What one search found.

    Attributes:
        name: Of the way that samples are shown.
        dense: Accuracy of the dense network on test.
        rows: front.csv.
        wall_s: Of the search.
    """

    name: str
    dense: float
    rows: pd.DataFrame
    wall_s: float


def squeezed(samples: Samples) -> np.ndarray:
    """Return sequences [N, T0, C, H, W] as one frame [N, C, H, W], uint8: sums of counts, means of values."""
    values = samples.x.astype(np.int64)
    n = values.shape[1]
    frame = values.sum(1) if samples.binning == "sum" else (2 * values.sum(1) + n) // (2 * n)
    return np.minimum(frame, 255).astype(np.uint8)


def side_by_side(samples: Samples) -> np.ndarray:
    """Return sequences [N, T0, C, H, W] as one still image [N, C, H, T0 W], uint8."""
    n, frames, channels, height, width = samples.x.shape
    return np.ascontiguousarray(samples.x.transpose(0, 2, 3, 1, 4)).reshape(
        n, channels, height, frames * width
    )


def ways(study: Study, folder: Path) -> dict[str, Study]:
    """Return the study as it is, and over stills that are written to a folder."""
    samples = read_samples(study.data, find_root(study.data.root, None, os.environ))
    assert samples.official_test is not None
    found = {"sequence": study}
    makers = {"one frame": squeezed, "side by side": side_by_side}
    if any(connection.kind == "conv" for connection in make_plan(study).spec.connections):
        del makers[
            "side by side"
        ]  # filters would run over the seams, and a map of ten frames is another network
    for name, make in makers.items():
        file = folder / f"{study.name}_{name.replace(' ', '_')}.npz"
        part = np.where(samples.official_test, "test", "train")
        np.savez(file, x=make(samples), y=samples.y, part=part)
        parts = {key: getattr(study.data, key) for key in ("validation", "split_seed", "train_size")}
        data = NpzData(npz=file.name, part="part", root=str(folder), equal_samples="spread", **parts)
        space = study.space.model_copy(update={"timesteps": STILL_TIMESTEPS})
        found[name] = study.model_copy(update={"data": data, "space": space})
    return found


def searched(name: str, study: Study, folder: Path, workers: int) -> Front:
    """Run a study in a folder."""
    path = folder / f"{study.name}_{name.replace(' ', '_')}.yaml"
    write_study(study, path)
    result = hwsearch.run(path, out=path.with_suffix(""), workers=workers)
    front = Front(name, result.dense["accuracy_test"], result.front, result.summary["cost"]["wall_s"])
    print(
        f"{study.name}, {name}: {len(front.rows)} on the front, {front.wall_s:.0f} s",
        file=sys.stderr,
        flush=True,
    )
    return front


def draw(fronts: dict[str, list[Front]]) -> None:
    """Draw error on test against memory and energy, a row of panels for each study."""
    figure = Figure(figsize=(9, 3.6 * len(fronts)), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(fronts), 2, squeeze=False)
    costs = (("memory_bytes", "Memory (KiB)", 1 / 1024), ("energy_j", "Energy an inference (uJ)", 1e6))
    for row, (study, found) in zip(panels, fronts.items(), strict=True):
        for panel, (column, title, scale) in zip(row, costs, strict=True):
            for front in found:
                rows = front.rows.sort_values(column)
                error = 100 * (1 - rows["accuracy_test"])
                label = f"{front.name} (dense {100 * (1 - front.dense):.1f} %)"
                panel.plot(
                    rows[column] * scale, error, "o", color=COLOURS[front.name], label=label, alpha=0.8
                )
            panel.set(xscale="log", xlabel=title, ylabel="Error on test (%)", title=study)
            panel.set_ylim(bottom=0)
            panel.grid(alpha=0.3)
        row[0].legend(fontsize=8)
    figure.savefig(FIGURE, dpi=110)


def print_fronts(study: str, found: Sequence[Front]) -> None:
    """Print the front of each way, and the best of each."""
    print(f"\n## {study}\n\n| samples as | dense, test | most accurate, test | its memory, B | its energy, uJ |"
          " smallest within 2 points of it, B | its test | search, s |\n|---|---|---|---|---|---|---|---|")  # fmt: skip
    for front in found:
        rows = front.rows
        best = rows.loc[rows["accuracy_test"].idxmax()]
        near = rows[rows["accuracy_test"] >= best["accuracy_test"] - 0.02]
        small = near.loc[near["memory_bytes"].idxmin()]
        print(f"| {front.name} | {front.dense:.2%} | {best['accuracy_test']:.2%} | {best['memory_bytes']:,.0f} |"
              f" {1e6 * best['energy_j']:.1f} | {small['memory_bytes']:,.0f} | {small['accuracy_test']:.2%} |"
              f" {front.wall_s:.0f} |")  # fmt: skip
    columns = [
        "sparsity", "granularity", "weight_bits", "timesteps",
        "accuracy_test", "memory_bytes", "synaptic_ops", "energy_j",
    ]  # fmt: skip
    for front in found:
        print(f"\n{front.name}:\n\n```\n{front.rows[columns].to_string(index=False)}\n```")


def main() -> None:
    """Print the page and draw the figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="+", default=["fsdd_speech", "nmnist_events"])
    parser.add_argument("--candidates", type=int, default=24)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--work", type=Path, help="folder of the runs so far")
    options = parser.parse_args()
    fronts: dict[str, list[Front]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = options.work or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        for stem in options.sets:
            study = load_study(Path(f"studies/{stem}.yaml"))
            search = study.search.model_copy(update={"candidates": options.candidates})
            study = study.model_copy(update={"search": search})
            fronts[stem] = [
                searched(way, asked, folder.resolve(), options.workers)
                for way, asked in ways(study, folder.resolve()).items()
            ]
    draw(fronts)
    command = f"python -m benchmarks.sequences --candidates {options.candidates}"
    print(f"# Sequences against stills\n\nRebuilt by `{command}`; torch {torch.__version__}. Searches with the study's "
          f"network, budgets and epochs, {options.candidates} candidates each; stills at T "
          f"{', '.join(map(str, STILL_TIMESTEPS))}.\n\n![Fronts](sequences.png)")  # fmt: skip
    for stem, found in fronts.items():
        print_fronts(stem, found)
    seconds = sum(front.wall_s for found in fronts.values() for front in found)
    print(f"\nWall time of the searches: {seconds / 60:.1f} min.")


if __name__ == "__main__":
    main()
