"""What snnTorch, Norse and SpikingJelly write to NIR and read of it, each cell run: predictions and spikes compared.

    python -m benchmarks.nir_portability > benchmarks/results/nir.md

In: a framework's network is run by its own loop on 256 inputs over 12 timesteps, written by its own export, imported,
and run as floats and as integers. Out: a network of integers is exported, read by the framework, and its spikes are
compared with those of the integer machine (24 inputs, 8 timesteps). Needs the extra `verify`. Takes about a minute.
"""

import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from builders.drawn_integers import drawn_integers
from builders.nir_frameworks import CASES, FRAMEWORKS, Case, Neurons, build, frames, mlp
from builders.nir_readers import read_by, spikes_read_out

from hwsearch.errors import InputError
from hwsearch.export.nir import nir_graph
from hwsearch.graph.graph import Input
from hwsearch.network.fold import fold
from hwsearch.network.integer import run_integer
from hwsearch.network.integers import Widths
from hwsearch.network.nir.importer import Imported, import_nir
from hwsearch.network.nir.run import run_floats

INPUTS, TIMESTEPS = 256, 12
NAMES = {"snntorch": "snnTorch", "norse": "Norse", "spikingjelly": "SpikingJelly"}
OUT = {
    "LIF, reset to zero": ("fc20-fc16", {"leak_shift": 2}),
    "IF, reset to zero": ("fc20-fc16", {"leak_shift": None}),
    "LIF, reset by subtraction": ("fc20-fc16", {"leak_shift": 2, "reset": "subtract"}),
    "IF, reset by subtraction": ("fc20-fc16", {"leak_shift": None, "reset": "subtract"}),
    "Conv2d, stride 2": ("8c3s2-fc16", {"leak_shift": None}),
    "Conv2d, 3 by 1": ("8c3x1-fc16", {"leak_shift": None}),
    "Conv2d, depthwise": ("8c3-dw3-fc16", {"leak_shift": None}),
    "max pooling": ("8c3-p2-fc16", {"leak_shift": None}),
    "mean pooling": ("8c3-p2-fc16", {"leak_shift": None, "pool": "sum"}),
    "global pooling": ("8c3-gap-fc16", {"leak_shift": None}),
    "recurrent": ("fc12-r20-fc8", {"leak_shift": None}),
    "residual identity": ("8c3-res(8c3-8c3)-fc16", {"leak_shift": None}),
    "residual matrix": ("fc20-res(fc36-fc16)-fc8", {"leak_shift": None}),
    "sequences": ("r20-fc16", {"leak_shift": None, "frames": 8, "input_max": 1}),
}
LEAKS = (0.1, 0.05, 0.3, 0.4)


def main() -> None:
    warnings.simplefilter("ignore")
    versions = ", ".join(f"{NAMES[name]} {version(name)}" for name in FRAMEWORKS)
    print("# NIR: what each framework writes and reads\n")
    print(f"Rebuilt by `python -m benchmarks.nir_portability`; {versions}, nir {version('nir')}.\n")
    print(
        f"## In\n\nOf {INPUTS} predictions how many differ from the framework's: imported floats / integers with 16-bit"
    )
    print(
        "weights / with 8-bit ones, not fine-tuned; of the floats' spikes in the last population how many differ. Tied:"
    )
    print(
        "predictions with two largest classes (the first counts). A close call is a membrane within 1e-6 of its"
    )
    print("threshold, counted over all neurons and timesteps: frameworks differ in whether it fires.\n")
    table({name: [came_in(name, case, f) for f in FRAMEWORKS] for name, case in CASES.items()})
    print("\n## Leaks that are no shift\n")
    print(
        "Of 256 predictions (12-20-4 network, random weights) how many change by the nearest shift alone.\n"
    )
    print("| dt / tau | shift | error of the leak | predictions that change |\n|---|---|---|---|")
    for leak in LEAKS:
        print(snapped(leak))
    print("\n## Out\n\nSpikes of the last population that differ from the integer machine's.\n")
    table({name: [went_out(*spec, f) for f in FRAMEWORKS] for name, spec in OUT.items()})


def table(rows: dict[str, list[str]]) -> None:
    print("| | " + " | ".join(NAMES[f] for f in FRAMEWORKS) + " |\n|" + "---|" * (1 + len(FRAMEWORKS)))
    for name, cells in rows.items():
        print(f"| {name} | {' | '.join(cells)} |")


def came_in(name: str, case: Case, framework: str) -> str:
    """Return a cell: what differs, or who refuses."""
    try:
        built = build(framework, case)
    except NotImplementedError:
        return "has none"
    try:
        graph = built.written()
    except Exception as error:  # whatever a framework's own export raises
        return f"does not write it ({type(error).__name__})"
    x = frames(case, INPUTS, TIMESTEPS)
    try:
        shape = import_nir(graph, None, built.options).spec.input.shape
    except InputError as error:
        got = error.faults[0].got
        return (
            f"written wrongly, refused: {'nothing for a layer' if got == 'NoneType' else error.faults[0].law}"
        )
    imported = import_nir(graph, Input(shape, 16, 5, frames=TIMESTEPS), built.options)
    theirs = built.run(x)
    ours = run_floats(imported.spec, imported.params, shaped(x, imported))
    totals = theirs[-1] if "leaky" in name else theirs.sum(0)
    predictions = [ours.predictions, *(integers(imported, x, bits) for bits in (16, 8))]
    text = " / ".join(str((totals.argmax(1) != each).sum()) for each in predictions)
    if isinstance(case.layers[-1], Neurons):
        text += f"; {(theirs != ours.spikes[-1].reshape(theirs.shape)).sum()} of {theirs.size} spikes"
    tied = ((totals == totals.max(1, keepdims=True)).sum(1) > 1).sum()
    return text + (f"; {tied} tied" if tied else "") + (f"; {ours.ties} close calls" if ours.ties else "")


def integers(imported: Imported, x: np.ndarray, bits: int) -> np.ndarray:
    """Return the predictions of the integer machine, the weights rounded and nothing trained."""
    masks = [np.ones(weight.shape, np.float32) for weight in imported.params.weights]
    network = fold(imported.spec, imported.params, masks, [bits] * len(masks), TIMESTEPS, Widths())
    counts = np.round(shaped(x, imported) * imported.spec.input.max).astype(np.int64)
    return run_integer(network, counts.swapaxes(0, 1)).predictions


def shaped(x: np.ndarray, imported: Imported) -> np.ndarray:
    """Return frames [T, N, C, H, W]."""
    return x.reshape(*x.shape[:2], *imported.spec.input.shape).astype(np.float64)


def snapped(leak: float) -> str:
    """Return a row: what the nearest shift does to a network of snnTorch with another leak."""
    case = mlp(leak=leak)
    built = build("snntorch", case)
    imported = import_nir(built.written(), None, built.options)
    x = shaped(frames(case, INPUTS, TIMESTEPS), imported)
    exact = run_floats(imported.spec, imported.params, x, imported.exact_leaks)
    changed = (exact.predictions != run_floats(imported.spec, imported.params, x).predictions).sum()
    snap = imported.snaps[0]
    return f"| {leak} | 2**-{snap.leak_shift} | {snap.error:.0%} | {changed} of {INPUTS} |"


def went_out(spelling: str, settings: dict[str, object], framework: str) -> str:
    """Return a cell: how many spikes differ."""
    network = spikes_read_out(drawn_integers(spelling, **settings))
    data, rng = network.input, np.random.default_rng(1)
    x = rng.integers(0, data.max + 1, (24, *(() if data.still else (data.frames,)), *data.shape))
    shown = np.broadcast_to(x, (network.timesteps, *x.shape)) if data.still else x.swapaxes(0, 1)
    expected = np.diff(run_integer(network, x, trace=True).membranes[-1], axis=0, prepend=0)
    try:
        found = read_by(framework, nir_graph(network))(shown.astype(np.float32))
    except Exception as error:  # whatever a framework's import raises
        return f"does not read it ({type(error).__name__})"
    if found.shape != expected.shape:
        return "runs it in a wrong order, returns another layer's output"
    return f"{(found != expected).sum()} of {expected.size}"


if __name__ == "__main__":
    main()
