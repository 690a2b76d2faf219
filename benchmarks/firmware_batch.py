"""Many networks in one firmware, probed: the instructions of each call of a scan, a kernel and an update.

All share the kernels; states lie over each other, since one network runs after the other. A probe's own instructions
are taken off. What a timestep takes around its calls is seen in a network's own firmware (`firmware_runs`).
"""

from __future__ import annotations

import itertools
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path

import jinja2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from builders.c_networks import Case

from benchmarks.firmware_runs import case_of
from hwsearch.export.boards.boards import Board
from hwsearch.export.boards.emulate import (
    STACK_BYTES,
    compiled,
    frames_of,
    function_sizes,
    instructions_of,
    linked,
    per_tick,
    support_objects,
    ticks_of,
)
from hwsearch.export.c.check import first_wrong
from hwsearch.export.c.inputs import raw_bytes
from hwsearch.export.c.kernels import Use, together
from hwsearch.export.c.render import kernel_files, model_files, trace_files
from hwsearch.hardware.firmware.program import PAIRED_BITS, PAIRED_TYPES
from hwsearch.network.integer import run_integer

_HEADER = "uint8_t {}_trace(uint8_t (*get)(void *to, uint32_t n), void (*put)(int32_t value));"
_PROBES = 48
_AT_A_TIME = 14  # networks of one firmware: what the smallest flash holds
_PROBED = re.compile(
    r"^( +)((?:n = )?snnk_(scan|fc_pairs|fc|conv|fire|read|clear|copy|rescale|settle)_?\w*\(.*\);)$",
    re.MULTILINE,
)
_FUNCTION = re.compile(r"^static void add_(\w+)\(", re.MULTILINE)
_C = """
static uint32_t since, empty, probed[{probes}];

void snn_start(void)
{{
    since = board_ticks();
}}

void snn_stop(uint32_t place)
{{
    const uint32_t now = board_ticks();

    probed[place] += now - since - empty;
}}

static void show_probes(void (*put)(int32_t value))
{{
    uint32_t i;

    for (i = 0u; i < {probes}u; i++) {{
        put((int32_t)probed[i]);
        probed[i] = 0u;
    }}
    empty = 0u;
    snn_start();
    snn_stop(0u);
    empty = probed[0];
    probed[0] = 0u;
}}
"""


@dataclass(frozen=True)
class Probed:
    """A network in a probed firmware.

    Attributes:
        board, network: Which.
        instructions: Of an inference, mean over its inputs, probing included.
        probes: What each probe is of, its name, and its instructions of an inference.
        together: All networks of that firmware: they share their kernels.
    """

    board: str
    network: str
    instructions: float
    probes: list[tuple[str, str, float]]
    together: list[str]


@dataclass(frozen=True)
class Probe:
    """What a place of a network's source does.

    Attributes:
        what: ``scan``, ``fc``, ``conv`` or ``fc_pairs`` (a kernel), ``fire``, ``read``, ``clear``, ``copy``,
            ``rescale``, ``settle``.
        name: The connection whose it is; for others the statement.
    """

    what: str
    name: str


def probed(text: str) -> tuple[str, list[Probe]]:
    """Return a network's source with a probe around each call of a kernel, and what each probe is of."""
    probes: list[Probe] = []

    def around(match: re.Match[str]) -> str:
        owners = [found[1] for found in _FUNCTION.finditer(text, 0, match.start())]
        inner = match[3] in ("scan", "fc", "conv", "fc_pairs")
        probes.append(Probe(match[3], owners[-1] if inner else match[2]))
        place = len(probes) - 1
        return f"{match[1]}snn_start();\n{match[1]}{match[2]}\n{match[1]}snn_stop({place}u);"

    changed = _PROBED.sub(around, text)
    assert len(probes) <= _PROBES
    return f"#include <stdint.h>\nvoid snn_start(void);\nvoid snn_stop(uint32_t place);\n{changed}", probes


def write_batch(cases: Sequence[Case], folder: Path, *, probing: bool = True) -> list[list[Probe]]:
    """Write the sources of a firmware that runs networks one after the other; return each one's probes."""
    files, probes = kernel_files(together(each.model.program.use for each in cases)), []
    for each in cases:
        prefix, facts = each.model.names.prefix, {"network": each.name}
        files |= model_files(each.model, facts) | trace_files(each.model, facts)
        source = files[f"{prefix}.c"]
        files[f"{prefix}.c"], found = probed(source) if probing else (source, [])
        probes.append(found)
        files[f"{prefix}_unit.c"] = "".join(
            f'#include "{prefix}{end}.c"\n' for end in ("_data", "", "_trace")
        )
    files["snn_trace.h"] = f"#include <stdint.h>\n{_HEADER.format('snn')}\n"
    files["snn_trace.c"] = _dispatcher(cases)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return probes


def _dispatcher(cases: Sequence[Case]) -> str:
    prefixes, n = [each.model.names.prefix for each in cases], len(cases[0].x)
    each = "\n".join(
        f"    case {i}u: (void){prefix}_trace(get, put); break;" for i, prefix in enumerate(prefixes)
    )
    return (
        '#include "snn_trace.h"\n\nuint32_t board_ticks(void);\n'
        + "".join(f"{_HEADER.format(prefix)}\n" for prefix in prefixes)
        + _C.format(probes=_PROBES)
        + f"static uint32_t done;\n\n{_HEADER.format('snn')[:-1]}\n{{\n"
        + f"    if (done == {len(cases) * n}u) {{\n        return 0u;\n    }}\n    show_probes(put);\n"
        + f"    switch (done / {n}u) {{\n{each}\n    default: break;\n    }}\n"
        + "    show_probes(put);\n    done++;\n    return 1u;\n}\n"
    )


def firmwares(networks: Sequence[str]) -> list[list[str]]:
    """Return the networks of each firmware: each is in one of many, and in one of its own.

    A function that has many callers is called, one that has a single caller becomes a part of it.
    """
    shared = [list(networks[first : first + _AT_A_TIME]) for first in range(0, len(networks), _AT_A_TIME)]
    return [*shared, *([name] for name in networks)]


def probe_all(parts: Sequence[list[str]], boards: Sequence[Board], path: Path) -> list[Probed]:
    """Return what probes show of the networks of each firmware.

    What a file holds already is not run again, and what is run is added.
    """
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    known = {_key(each): each for each in (Probed(**json.loads(line)) for line in lines)}
    for part in parts:
        todo = [b for b in boards if any((b.ident, name, tuple(part)) not in known for name in part)]
        cases = [case_of(name, f"n{i}") for i, name in enumerate(part)] if todo else []
        with tempfile.TemporaryDirectory() as name:
            probes = write_batch(cases, Path(name)) if todo else []
            for board in todo:
                found = run_batch(board, cases, Path(name))
                made = [
                    Probed(
                        board.ident,
                        network,
                        whole,
                        [(p.what, p.name, n) for p, n in zip(of, spent, strict=False)],
                        part,
                    )
                    for network, of, (whole, spent) in zip(part, probes, found, strict=True)
                ]
                known |= {_key(each): each for each in made}
                with path.open("a", encoding="utf-8") as file:
                    file.writelines(json.dumps(asdict(each)) + "\n" for each in made)
                print(board.ident, "probed", *part, file=sys.stderr, flush=True)
    wanted, idents = {tuple(part) for part in parts}, {board.ident for board in boards}
    return [each for each in known.values() if tuple(each.together) in wanted and each.board in idents]


def _key(each: Probed) -> tuple[str, str, tuple[str, ...]]:
    return each.board, each.network, tuple(each.together)


def shared_sizes(board: Board, cases: Sequence[Case]) -> tuple[dict[str, int], dict[str, int]]:
    """Return the bytes, and the stack, of each function of the kernels that networks use together.

    Kernels of pairs are one for each type and width, so all of them are compiled, drawn or not.
    """
    use = together(each.model.program.use for each in cases)
    use.pairs.update(itertools.product(PAIRED_TYPES, PAIRED_BITS))
    return kernel_sizes(board, use)


def kernel_sizes(board: Board, use: Use) -> tuple[dict[str, int], dict[str, int]]:
    """Return the bytes, and the stack, of each function of the kernels that are used."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for file, text in kernel_files(use).items():
            (work / file).write_text(text, encoding="utf-8")
        compiled(board, work / "snn_kernels.c", work, [work])
        return function_sizes(board, work, "snn_kernels.o"), frames_of(work)


def run_batch(board: Board, cases: Sequence[Case], folder: Path) -> list[tuple[float, list[float]]]:
    """Return each network's instructions of an inference, mean over its inputs: all, probing included; each probe's.

    Args:
        board: The board.
        cases: Networks, each with as many inputs.
        folder: Their sources, written by `write_batch`.

    Raises:
        AssertionError: A network does not equal the integer model.
    """
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        (work / "board.ld").write_text(_linker(board, cases), encoding="utf-8")
        for file, data in support_objects(board, "-O2", (folder / "snn_trace.h").read_text(encoding="utf-8")):
            (work / file).write_bytes(data)
        units = [f"{each.model.names.prefix}_unit.c" for each in cases]
        for unit in (*units, "snn_kernels.c", "snn_trace.c"):
            compiled(board, folder / unit, work, [folder])
        linked(board, work, folder)
        (work / "inputs.bin").write_bytes(
            b"".join(raw_bytes(each.x, each.model.program.feed) for each in cases)
        )
        ticks = ticks_of(board, work)
        words = np.frombuffer((work / "trace.bin").read_bytes(), "<i4")
    calls = [len(each.x) * (each.model.program.feed.frames or each.model.network.timesteps) for each in cases]
    spent = np.split(instructions_of(board, ticks, sum(calls)), np.cumsum(calls)[:-1])
    probes = _probes(board, cases, words)
    return [
        (float(whole.sum() / len(each.x)), (shown.mean(0) * per_tick(board)).tolist())
        for each, whole, shown in zip(cases, spent, probes, strict=True)
    ]


def _probes(board: Board, cases: Sequence[Case], words: np.ndarray) -> Iterator[np.ndarray]:
    """Yield each network's ticks at its probes, [inputs, probes], after its trace was compared."""
    start = 0
    for each in cases:
        network = each.model.network
        width = network.timesteps * (sum(p.shape.neurons for p in network.populations) + 1)
        size = len(each.x) * (width + 2 * _PROBES)
        shown = words[start : start + size].reshape(len(each.x), -1)
        start += size
        trace = shown[:, _PROBES : _PROBES + width].tobytes()
        wrong = first_wrong(trace, network, run_integer(network, each.x, trace=True))
        if wrong:
            raise AssertionError(f"{each.name} on {board.name}: {wrong}")
        yield shown[:, _PROBES + width :]


def _linker(board: Board, cases: Sequence[Case]) -> str:
    """Return a linker script in which all states lie at the first address of RAM, and all else behind the largest."""
    support = resources.files("hwsearch.export.boards") / "support"
    text = jinja2.Template((support / "linker.ld.j2").read_text(encoding="utf-8")).render(
        board=board, stack_bytes=STACK_BYTES
    )
    own = ".state (NOLOAD) : { *snn_trace.o(.bss* .sbss* COMMON) . = ALIGN(4); } > ram"
    assert own in text
    return text.replace(own, f"{own}\n    OVERLAY : {{ {' '.join(_overlaid(cases))} }} > ram")


def _overlaid(cases: Sequence[Case]) -> Iterator[str]:
    for each in cases:
        prefix = each.model.names.prefix
        yield f".state_{prefix} {{ *{prefix}_unit.o(.bss* .sbss* COMMON) . = ALIGN(4); }}"
