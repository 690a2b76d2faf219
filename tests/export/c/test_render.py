"""The C code computes what the integer model does, bit for bit, under every warning and both sanitizers."""

import itertools
import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from builders.c_networks import SANITIZERS, built, case, differing, named_by_cppcheck, traces, write
from builders.firmware_matrix import drawn, every
from builders.firmware_varied import paired
from builders.integer_networks import dense, graph, population
from builders.random_networks import random_network

from hwsearch.compress.packing import pack
from hwsearch.export.c.model import c_model
from hwsearch.export.c.project import project_files
from hwsearch.export.c.render import model_files
from hwsearch.hardware.storage import FORMATS
from hwsearch.network.integer import run_integer

needs_compiler = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
needs_cppcheck = pytest.mark.skipif(shutil.which("cppcheck") is None, reason="cppcheck is not installed")


def random_case(seed):
    """Return a random network, each connection stored in a format drawn from those that hold it."""
    rng = np.random.default_rng(seed)
    net, x = random_network(rng)
    formats = [str(rng.choice([f for f in FORMATS if holds(c, f)])) for c in net.connections]
    return case(f"{seed}: {formats}", net, x, formats, prefix=f"n{seed}")


def holds(connection, name):
    try:
        pack(connection.weight, 4, name, 16, connection.shape.groups)
    except ValueError:
        return False
    return True


@needs_compiler
def test_a_network_of_each_kind_equals_the_integer_model(tmp_path):
    chosen = [every()[i] for i in (3, 124, 275, 380, 476, 600, 777)]
    assert len({kind for kind, *_ in chosen}) == 7
    cases = [drawn(*each, prefix=f"n{i}", n_inputs=20) for i, each in enumerate(chosen)]
    assert differing(cases, traces(cases, built(cases, tmp_path))) == []


def wide_case(name, bits, inputs, *, values=1, prefix):
    """Return a matrix of rows that no word ends, stored in a format; half of what arrives is not zero."""
    rng = np.random.default_rng([bits, inputs, *map(ord, name)])
    most, (kind, _, length) = max(1, 2 ** (bits - 1) - 1), name.partition(":")
    weight = rng.integers(1, most + 1, (9, inputs)) * rng.choice([-1, 1], (9, inputs))
    if kind == "nm":  # a place of each group stays free, most are used
        weight[:, :: int(length)] = 0
    elif kind != "dense":
        weight *= rng.random(weight.shape) < 0.3
    readout = rng.integers(-most, most + 1, (3, 9)) if bits > 1 else rng.choice([-1, 1], (3, 9))
    still = values > 1
    net = graph(
        [population("fc1", [1] * 9, [2 * most * values] * 9, leak_shift=1), population("readout", [0] * 3)],
        [dense("fc1", -1, 0, weight), dense("readout", 0, 1, readout, readout=True)],
        timesteps=3, shape=(1, 1, inputs), input_max=values, frames=None if still else 3,
    )  # fmt: skip
    x = rng.integers(0, values + 1, (6, *(() if still else (3,)), 1, 1, inputs))
    shown = f"{name} {bits} bits {inputs} inputs of {values}"
    return case(shown, replace(net, weight_bits=(bits, bits)), x, [name, "dense"], prefix=prefix)


def wide_cases(formats, widths, sizes, first=0):
    return [
        wide_case(name, bits, inputs, values=values, prefix=f"w{first + i}")
        for i, (name, bits, (inputs, values)) in enumerate(itertools.product(formats, widths, sizes))
    ]


@needs_compiler
def test_rows_that_end_within_a_word_equal_the_integer_model(tmp_path):
    cases = wide_cases(("bitmap", "nm:16", "block:8"), (3,), ((101, 1),))
    assert differing(cases, traces(cases, built(cases, tmp_path))) == []


@pytest.mark.slow
@needs_compiler
def test_wide_matrices_equal_the_integer_model_under_sanitizers(tmp_path):
    cases = wide_cases(("bitmap", "nm:16", "block:4"), (1, 5), ((101, 1), (64, 200)))
    cases += wide_cases(("dense",), (1, 2, 3, 4, 8), ((101, 1), (72, 200)), first=len(cases))
    assert differing(cases, traces(cases, built(cases, tmp_path, *SANITIZERS))) == []


@pytest.mark.slow
@needs_compiler
def test_random_graphs_equal_the_integer_model_under_sanitizers(tmp_path):
    cases = [random_case(seed) for seed in range(16)]
    assert differing(cases, traces(cases, built(cases, tmp_path, *SANITIZERS))) == []


@pytest.mark.slow
@needs_compiler
def test_a_sample_of_the_matrix_equals_the_integer_model_under_sanitizers(tmp_path):
    chosen = np.random.default_rng(0).choice(len(every()), 16, replace=False)
    cases = [drawn(*every()[i], prefix=f"n{i}") for i in chosen]
    assert differing(cases, traces(cases, built(cases, tmp_path, *SANITIZERS))) == []


@pytest.mark.slow
@needs_cppcheck
def test_cppcheck_finds_nothing(tmp_path):
    cases = [random_case(seed) for seed in range(4)] + [
        drawn(*every()[i], prefix=f"m{i}") for i in (3, 124, 476)
    ]
    cases += [paired(i, prefix=f"p{i}", n_inputs=2) for i in range(3)]
    _nothing_found(cases, tmp_path)


@pytest.mark.slow
@needs_cppcheck
@pytest.mark.parametrize("granularity", ["weight", "nm:4", "block:4", "kernel", "channel"])
def test_cppcheck_finds_nothing_in_the_kernels_of_one_format(tmp_path, granularity):
    _nothing_found([drawn("conv", granularity, 3, "zero", n_inputs=2)], tmp_path)


def _nothing_found(cases, tmp_path):
    write(cases, tmp_path)
    assert named_by_cppcheck(tmp_path) == []


@needs_compiler
def test_classify_gives_the_predictions(tmp_path):
    net, x = random_network(np.random.default_rng(5), still=False)
    model = c_model(net, ["dense"] * len(net.connections), 16)
    run = run_integer(net, x, trace=True)
    identity = {"study_digest": "5" * 16, "trial": 1, "network_digest": "d" * 16}
    for name, data in project_files(model, identity, x, run).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    by_step = ", predictions" if net.readout.labels == "step" else ""
    (tmp_path / "one.c").write_text(
        '#include <stdio.h>\n#include "snn.h"\n#include "sample.h"\nint main(void)\n{\n    static snn_state net;\n'
        "    uint16_t predictions[SNN_TIMESTEPS];\n    (void)predictions;\n"
        f'    printf("%d", (int)snn_classify(&net, sample{by_step}));\n    return 0;\n}}\n'
    )
    source, example = tmp_path / "c/src", tmp_path / "c/examples/classify"
    program = tmp_path / "one"
    files = [tmp_path / "one.c", *sorted(source.glob("*.c"))]
    subprocess.run(["gcc", "-std=c99", f"-I{source}", f"-I{example}", "-o", program, *files], check=True)
    shown = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    assert int(shown) == int(np.ravel(run.predictions[0])[-1])


def test_the_code_has_no_heap_no_float_and_no_division(tmp_path):
    cases = [drawn(*every()[i], prefix=f"n{i}", n_inputs=1) for i in (3, 124, 275, 380, 476, 600)]
    write(cases, tmp_path)
    for path in tmp_path.glob("*.c"):
        if path.name in ("main.c",) or path.name.endswith("_trace.c"):
            continue
        code = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        assert not re.search(r"malloc|float|double|[/%]", re.sub(r'#include "[^"]*"', "", code)), path.name


def test_files_are_the_same_each_time():
    one, two = (model_files(drawn(*every()[124], n_inputs=1).model, {"study": "5"}) for _ in range(2))
    assert one == two
    assert all(" * study: 5\n" in text for text in one.values())
