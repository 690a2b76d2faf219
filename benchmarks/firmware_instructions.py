"""C libraries on emulated cores: instructions of each format against a dense loop, and how well all is predicted.

    python -m benchmarks.firmware_instructions [--rounds 1] [--built 14] [--held-out 40] [--boards microbit ...]
        [--only formats|cores] [--runs FOLDER] [--write] > benchmarks/results/firmware_instructions.md

First table: 256 inputs of which a tenth spike, 128 neurons, weights of 8 bits (and 4) of which 90 % are zero, stored
in each format; and the same network as a plain loop over all weights, a byte each, without looking for spikes.
Membranes of all of them are compared with the integer model.

Second: instructions, flash and RAM told from a network's structure and counted events, against the board. A core's
constants are fitted on drawn networks and tried on others; ``--write`` puts them into hardware_profiles/cores/. What
ran is kept in the folder of ``--runs`` and is not run again. Instructions are not cycles. Progress: standard error.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from builders.c_networks import Case, case
from builders.integer_networks import dense, graph, population

from benchmarks.firmware_cores import COMMAND, PROFILES, cores_table, networks
from benchmarks.firmware_runs import ran
from hwsearch.export.boards.boards import BOARDS, Board
from hwsearch.export.boards.emulate import missing_tools
from hwsearch.network.integer import run_integer

_INPUTS, _NEURONS, _CLASSES, _TIMESTEPS, _RATE = 256, 128, 10, 8, 0.1
_FORMATS = ("dense", "bitmap", "csr", "delta", "nm:16", "block:8")


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument(
        "--rounds", type=int, default=1, help="of 72 networks that instructions are fitted on"
    )
    options.add_argument("--built", type=int, default=14, help="networks that bytes are fitted on")
    options.add_argument("--held-out", type=int, default=40, help="networks that all is tried on")
    options.add_argument(
        "--boards", nargs="*", default=[ident for ident in BOARDS if not missing_tools(BOARDS[ident])]
    )
    options.add_argument("--only", choices=["formats", "cores"])
    options.add_argument("--runs", type=Path, help="folder: what ran is kept there, and not run again")
    options.add_argument("--write", action="store_true")
    given = options.parse_args()
    boards = [BOARDS[ident] for ident in given.boards]
    print("# Instructions on emulated cores\n")
    print(f"Rebuilt by `{_command(given)}`. QEMU counts instructions, not cycles.\n")
    if given.only in (None, "formats"):
        formats_table(boards)
    if given.only != "formats":
        profiles = PROFILES if given.write else None
        drawn = networks(given.rounds, given.built, given.held_out)
        with tempfile.TemporaryDirectory() as name:
            cores_table(boards, drawn, given.runs or Path(name), profiles)


def _command(given: argparse.Namespace) -> str:
    """Return what was called, without where runs are kept and which boards there were."""
    words = [COMMAND, *(["--only", given.only] if given.only else [])]
    words += ["--runs", "DIR"] if given.runs else []
    return " ".join([*words, *(["--write"] if given.write else [])])


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


if __name__ == "__main__":
    main()
