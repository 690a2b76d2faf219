"""Instructions of C libraries on emulated cores: of each format against a dense loop, and a fit that foretells them.

    python -m benchmarks.firmware_instructions [--networks 120] [--boards microbit ...] [--fit microbit ...]
        > benchmarks/results/firmware_instructions.md

First table: 256 inputs of which a tenth spike, 128 neurons, weights of 8 bits (and 4) of which 90 % are zero, stored
in each format; and the same network as a plain loop over all weights, a byte each, without looking for spikes.
Membranes of all of them are compared with the integer model.

Second: instructions of an inference as a sum of counts times constants, one set a core, fitted on two thirds of drawn
networks by least squares of relative errors with no constant below zero; the error is that on the other third.
Instructions are not cycles. Progress goes to standard error.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from builders.c_networks import Case, case
from builders.firmware_matrix import drawn, every
from builders.integer_networks import dense, graph, population

from hwsearch.export.boards.boards import BOARDS, Board
from hwsearch.export.boards.emulate import BoardRun, missing_tools, run_on
from hwsearch.export.c.check import first_wrong
from hwsearch.export.c.project import project_files
from hwsearch.graph.graph import INPUT
from hwsearch.measure.workload import count_workload
from hwsearch.network.integer import run_integer

_IDENTITY = {"study_digest": "0" * 16, "trial": 0, "network_digest": "0" * 16}
_INPUTS, _NEURONS, _CLASSES, _TIMESTEPS, _RATE = 256, 128, 10, 8, 0.1
_FORMATS = ("dense", "bitmap", "csr", "delta", "nm:16", "block:8")


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--networks", type=int, default=120)
    options.add_argument(
        "--boards", nargs="*", default=[ident for ident in BOARDS if not missing_tools(BOARDS[ident])]
    )
    options.add_argument("--fit", nargs="*", help="boards of the fit (default: all of --boards)")
    given = options.parse_args()
    boards = [BOARDS[ident] for ident in given.boards]
    print("# Instructions on emulated cores\n")
    print("Rebuilt by `python -m benchmarks.firmware_instructions`. QEMU counts instructions, not cycles.\n")
    formats_table(boards)
    fit_table(boards if given.fit is None else [BOARDS[ident] for ident in given.fit], given.networks)


def ran(board: Board, each: Case, loop: str | None = None) -> BoardRun:
    """Run a network on a board, its step replaced by a loop if one is given; it must equal the integer model."""
    run = run_integer(each.model.network, each.x, trace=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, data in project_files(each.model, _IDENTITY, each.x, run).items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(data)
        if loop is not None:
            source = folder / "c/src/snn.c"
            source.write_text(source.read_text().replace("void snn_step(", "void snn_unused(") + loop)
        done = run_on(board, folder / "c", each.model, each.x)
    wrong = first_wrong(done.trace, each.model.network, run)
    if wrong:
        raise AssertionError(f"{each.name} on {board.name}: {wrong}")
    return done


def sparse(bits: int, name: str) -> Case:
    """Return the network of the first table, stored in a format."""
    rng = np.random.default_rng(0)
    most = 2 ** (bits - 1) - 1
    weight = rng.integers(1, most + 1, (_NEURONS, _INPUTS)) * rng.choice([-1, 1], (_NEURONS, _INPUTS))
    kind, _, length = name.partition(":")
    mask = rng.random((_NEURONS, _INPUTS)) < 0.1
    if kind == "block":
        mask = np.repeat(rng.random((_NEURONS, _INPUTS // int(length))) < 0.1, int(length), 1)
    elif kind == "nm":  # two of sixteen: 87.5 % are zero
        order = rng.random((_NEURONS, _INPUTS // int(length), int(length))).argsort(2).argsort(2)
        mask = (order < 2).reshape(_NEURONS, _INPUTS)
    readout = rng.integers(-most, most + 1, (_CLASSES, _NEURONS))
    net = graph(
        [population("fc1", [0] * _NEURONS, [2 * most] * _NEURONS, leak_shift=2), population("readout", [0] * _CLASSES)],
        [dense("fc1", -1, 0, weight * mask), dense("readout", 0, 1, readout, readout=True)],
        timesteps=_TIMESTEPS, shape=(1, 1, _INPUTS), input_max=1, frames=_TIMESTEPS, state_bits=16,
    )  # fmt: skip
    net = replace(net, weight_bits=(bits, bits))
    x = (rng.random((8, _TIMESTEPS, 1, 1, _INPUTS)) < _RATE).astype(np.uint8)
    return case(f"{name}, {bits} bits", net, x, [name, "dense"])


def dense_loop(each: Case) -> str:
    """Return a step that goes over all weights, a byte each, in C."""
    weights = [c.weight for c in each.model.network.connections]
    limit, leak = 2 * (2 ** (each.model.network.weight_bits[0] - 1) - 1), 2
    arrays = [
        f"static const int8_t loop_{i}[{w.size}] = {{{', '.join(map(str, w.ravel()))}}};\n"
        for i, w in enumerate(weights)
    ]
    return (
        "".join(arrays)
        + f"""
void snn_step(snn_state *s)
{{
    uint8_t spikes[{_INPUTS}], sent[{_NEURONS}];
    const int8_t *w = loop_0;
    uint32_t i, o;

    for (i = 0u; i < {_INPUTS}u; i++) {{
        spikes[i] = (uint8_t)((s->input[i >> 3] >> (i & 7u)) & 1u);
    }}
    for (o = 0u; o < {_NEURONS}u; o++) {{
        int32_t sum = 0, v = s->fc1[o];

        for (i = 0u; i < {_INPUTS}u; i++) {{
            sum += *w++ * (int32_t)spikes[i];
        }}
        v = v - (v >> {leak}) + sum;
        sent[o] = (uint8_t)(v >= {limit});
        s->fc1[o] = (int16_t)(v >= {limit} ? 0 : v);
    }}
    w = loop_1;
    for (o = 0u; o < {_CLASSES}u; o++) {{
        int32_t sum = 0;

        for (i = 0u; i < {_NEURONS}u; i++) {{
            sum += *w++ * (int32_t)sent[i];
        }}
        s->readout[o] += sum;
    }}
}}
"""
    )


def formats_table(boards: list[Board]) -> None:
    """Print instructions of a timestep in each format."""
    cases = [sparse(bits, name) for bits in (8, 4) for name in _FORMATS]
    run = run_integer(cases[0].model.network, cases[0].x)
    fired = run.spikes[0].sum() / _NEURONS / _TIMESTEPS
    print("## Each format against a dense loop\n")
    print(
        f"{_INPUTS} inputs, {_RATE:.0%} spike; {_NEURONS} neurons, {fired:.0%} spike; 90 % of the weights are zero"
    )
    print(
        "(n:m: 87.5 %). Instructions of a timestep, frame copied and readout included; behind it how many times fewer"
    )
    print("than the dense loop takes. Bytes: of the first connection's weights (the loop: a byte each).\n")
    print("| format | bytes | " + " | ".join(board.ident for board in boards) + " |")
    print("|---|---|" + "---|" * len(boards))
    loops = {}
    for board in boards:
        loops[board.ident] = ran(board, cases[0], dense_loop(cases[0])).instructions.mean()
        print(board.ident, "loop", file=sys.stderr)
    print(
        f"| dense loop | {_INPUTS * _NEURONS:,} | "
        + " | ".join(f"{loops[b.ident]:,.0f}" for b in boards)
        + " |"
    )
    for each in cases:
        counts = {board.ident: ran(board, each).instructions.mean() for board in boards}
        print(each.name, file=sys.stderr)
        cells = [f"{counts[b.ident]:,.0f} ({loops[b.ident] / counts[b.ident]:.1f})" for b in boards]
        print(f"| {each.name} | {len(each.model.weights[0].data):,} | {' | '.join(cells)} |", flush=True)
    print()


def counts_of(each: Case) -> dict[str, float]:
    """Return what is counted of a network, of all its inputs: the terms of the fit, by name.

    ``hit``: weights that are not zero and meet an event; ``met``: events times outputs that they are looked up in;
    ``event``: events listed; ``scan``: values looked at; ``neuron``: updates; ``call``: connections times timesteps.
    """
    network, model = each.model.network, each.model
    run = run_integer(network, each.x)
    work = count_workload(network, run.input_maps, run.spikes)
    total: Counter[str] = Counter()
    for c, weights, shape in zip(work.connections, model.weights, network.connections, strict=True):
        narrow = "" if weights.fields["value_bits"] == 8 else " narrow"
        times = 1 if shape.shape.source == INPUT and network.input.still else network.timesteps
        kind = f"{shape.shape.kind} {weights.kernel}"
        total[f"{kind} hit{narrow}"] += c.ops.nonzero
        rows = weights.fields["outputs"] if shape.shape.groups == 1 else 1
        if weights.kernel not in ("csr", "delta", "bytes"):
            total[f"{kind} met"] += c.ops.dense if weights.kernel == "dense" else c.spikes_in * rows
        total[f"{shape.shape.kind} event"] += c.spikes_in
        pooled = "pooled " if shape.shape.pooling.area > 1 else ""
        total[f"{shape.shape.kind} {pooled}scan"] += c.inputs * times * shape.shape.pooling.area
        total["call"] += times
    total["neuron"] += work.neuron_updates
    total["timestep"] += network.timesteps
    return {name: count * len(each.x) for name, count in total.items()}


def fit_table(boards: list[Board], n_networks: int) -> None:
    """Print fits of instructions, and their errors on networks that were held out."""
    chosen = np.random.default_rng(1).choice(len(every()), n_networks, replace=False)
    cases = [drawn(*every()[place], n_inputs=4) for place in chosen]
    counted = [counts_of(each) for each in cases]
    names = sorted({name for counts in counted for name in counts})
    matrix = np.array([[counts.get(name, 0.0) for name in names] for counts in counted])
    held = np.arange(n_networks) % 3 == 2
    print("## A fit of instructions\n")
    print(f"{(~held).sum()} networks fitted, {held.sum()} held out; {len(names)} constants a core.\n")
    print("Terms go together in drawn networks, so single constants mean little; only the sum is of use.\n")
    print("| core | median error, held out | within 15 % | largest |\n|---|---|---|---|")
    for board in boards:
        taken = []
        for each in cases:
            taken.append(float(ran(board, each).instructions.sum()))
            print(board.ident, each.name, file=sys.stderr)
        spent = np.array(taken)
        constants, _ = nnls(matrix[~held] / spent[~held, None], np.ones((~held).sum()), maxiter=10_000)
        error = np.abs(matrix[held] @ constants / spent[held] - 1)
        within = f"{(error <= 0.15).sum()} of {held.sum()}"
        print(f"| {board.ident} | {np.median(error):.1%} | {within} | {error.max():.1%} |", flush=True)


if __name__ == "__main__":
    main()
