"""C of what is compared, each a folder that `hwsearch.export.boards.emulate.emulated` builds.

All share one trace: it reads a sample, counts the instructions of ``classify``, and shows the prediction.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from hwsearch.export.c.descriptors import filled
from hwsearch.export.c.model import CModel
from hwsearch.network.integers import IntegerNetwork, half_step

_TRACE_H = """#include <stdint.h>
uint8_t snn_trace(uint8_t (*get)(void *to, uint32_t n), void (*put)(int32_t value));
"""
_TRACE = """#include "snn_trace.h"
void snn_counting(uint8_t on);
uint16_t classify(const uint8_t *x);
static uint8_t x[INPUTS];
uint8_t snn_trace(uint8_t (*get)(void *to, uint32_t n), void (*put)(int32_t value))
{
    uint16_t guess;
    if (get(x, INPUTS) == 0u) {
        return 0u;
    }
    snn_counting(1u);
    guess = classify(x);
    snn_counting(0u);
    put((int32_t)guess);
    return 1u;
}
"""
_INT8 = """#include "arm_nnfunctions.h"
#include "rival.h"
uint16_t classify(const uint8_t *x)
{
    static int8_t in[INPUTS], hidden[HIDDEN], out[CLASSES];
    const cmsis_nn_context none = {0};
    const cmsis_nn_dims n_in = {1, 1, 1, INPUTS}, n_hidden = {1, 1, 1, HIDDEN}, n_out = {1, 1, 1, CLASSES};
    const cmsis_nn_dims first = {INPUTS, 1, 1, HIDDEN}, second = {HIDDEN, 1, 1, CLASSES};
    const cmsis_nn_fc_params to_hidden = {0, 0, -128, {-128, 127}}, to_out = {128, 0, 0, {-128, 127}};
    const cmsis_nn_per_tensor_quant_params hidden_scale = {HIDDEN_MULTIPLIER, HIDDEN_SHIFT};
    const cmsis_nn_per_tensor_quant_params out_scale = {OUT_MULTIPLIER, OUT_SHIFT};
    uint16_t best = 0u, i;
    for (i = 0u; i < INPUTS; i++) {
        in[i] = (int8_t)x[i];
    }
    (void)arm_fully_connected_s8(&none, &to_hidden, &hidden_scale, &n_in, in, &first, weights_1, &n_hidden, bias_1,
        &n_hidden, hidden);
    (void)arm_fully_connected_s8(&none, &to_out, &out_scale, &n_hidden, hidden, &second, weights_2, &n_out, bias_2,
        &n_out, out);
    for (i = 1u; i < CLASSES; i++) {
        if (out[i] > out[best]) {
            best = i;
        }
    }
    return best;
}
"""
# firmware is built freestanding, in which a compiler calls memcpy for the four bytes that it would load at once
_AT_ONCE = "#include <string.h>\n#define memcpy(to, from, n) __builtin_memcpy(to, from, n)\n"
_CMSIS = ("arm_fully_connected_s8.c", "arm_nn_vec_mat_mult_t_s8.c")
_EMLEARN = """#include <stddef.h>
#include <stdio.h>
#include <stdbool.h>
#include <stdint.h>
#include "rival.h"
uint16_t classify(const uint8_t *x)
{
    static float in[INPUTS];
    uint16_t i;
    for (i = 0u; i < INPUTS; i++) {
        in[i] = (float)x[i] * 0.0625f;
    }
    return (uint16_t)rival_predict(in, INPUTS);
}
"""


def write(folder: Path, files: Mapping[str, str], n_inputs: int) -> Path:
    """Write sources with the trace that all share; return the folder.

    Args:
        folder: Where.
        files: By their name; those that have to be there and are not are empty.
        n_inputs: Bytes of a sample.
    """
    needed = dict.fromkeys(("src/snn.c", "src/snn_data.c", "src/snn_kernels.c"), "/* empty */\n")
    shared = {"test/snn_trace.h": _TRACE_H, "test/snn_trace.c": _TRACE.replace("INPUTS", str(n_inputs))}
    for name, text in {**needed, **files, **shared}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def empty() -> dict[str, str]:
    """Return a classifier that does nothing: what of a firmware is not the network's."""
    return {
        "src/snn.c": "#include <stdint.h>\nuint16_t classify(const uint8_t *x) { return (uint16_t)x[0]; }\n"
    }


def exported(library: Path, loop: str | None = None) -> dict[str, str]:
    """Return the sources of an exported library, its step replaced by a loop if one is given."""
    files = {f"src/{path.name}": path.read_text() for path in sorted((library / "src").iterdir())}
    call = "\nuint16_t classify(const uint8_t *x);\nuint16_t classify(const uint8_t *x)\n{\n"
    files["src/snn.c"] += f"{call}    static snn_state net;\n\n    return snn_classify(&net, x);\n}}\n"
    if loop is not None:
        files["src/snn.c"] = files["src/snn.c"].replace("void snn_step(", "void snn_unused(") + loop
    return files


def dense_loop(model: CModel) -> str:
    """Return a step that goes over all weights of a chain of matrices, a byte each, whatever arrives."""
    network = model.network
    places = [(c.shape.kind, c.shape.source, c.shape.delay) for c in network.connections]
    chain = [("fc", place - 1, 0) for place in range(len(network.populations))]
    if places != chain or not network.input.still or network.readout.last is not None:
        raise ValueError("the dense loop is written for a chain of matrices over a still image")
    lines = []
    for place in range(len(network.populations)):
        lines += _loop_of(network, model, place)
    arrays = [
        f"static const int8_t loop_{i}[{c.weight.size}] = {{\n{filled([str(v) for v in c.weight.ravel()])}\n}};\n"
        for i, c in enumerate(network.connections)
    ]
    sent = [f"    uint8_t sent_{i}[{p.shape.neurons}];" for i, p in enumerate(network.populations[:-1])]
    head = ["", "void snn_step(snn_state *s)", "{", *sent, "    const int8_t *w;", "    uint32_t i, o;", ""]
    return "".join(arrays) + "\n".join([*head, *lines, "    s->timestep++;", "}", ""])


def _loop_of(network: IntegerNetwork, model: CModel, place: int) -> list[str]:
    """Return the statements of a population."""
    connection, population = network.connections[place], network.populations[place]
    name, (outputs, inputs) = model.names.populations[place], connection.weight.shape
    f, half = connection.fraction_bits, half_step(connection.fraction_bits)
    scaled = f"((sum + {half}) * {1 << max(f, 0)}) >> {max(-f, 0)}"
    read = "s->input[i]" if place == 0 else f"sent_{place - 1}[i]"
    summed = [
        "            int32_t sum = 0;", f"            for (i = 0u; i < {inputs}u; i++) {{",
        f"                sum += (int32_t)*w++ * (int32_t){read};", "            }",
    ]  # fmt: skip
    lines = []
    if place == 0:
        lines += [
            "    if (s->timestep == 0u) {", f"        w = loop_{place};",
            f"        for (o = 0u; o < {outputs}u; o++) {{", *summed,
            f"            s->constant_{name}[o] = {scaled};", "        }", "    }",
        ]  # fmt: skip
    lines += [
        f"    w = loop_{place};",
        f"    for (o = 0u; o < {outputs}u; o++) {{",
        f"        int32_t v = s->{name}[o];",
    ]
    if place == 0:
        current = f"s->constant_{name}[o]"
    else:
        lines += summed
        current = f"({scaled})"
    leak = network.readout.leak_shift if population.threshold is None else population.leak_shift
    lines.append(
        f"        v = v - {0 if leak is None else f'(v >> {leak})'} + {current} + snn_bias_{name}[o];"
    )
    top = 2 ** (network.state_bits - 1)
    if population.threshold is None:
        lines.append(f"        s->{name}[o] = v;")
    else:
        reset = f"v - snn_threshold_{name}[o]" if population.reset == "subtract" else "0"
        lines += [
            f"        v = (v > {top - 1}) ? {top - 1} : ((v < {-top}) ? {-top} : v);",
            f"        sent_{place}[o] = (uint8_t)(v >= snn_threshold_{name}[o]);",
            f"        s->{name}[o] = (int16_t)(sent_{place}[o] != 0u ? {reset} : v);",
        ]
    return [*lines, "    }"]


def int8_network(
    cmsis: Path, folder: Path, arrays: Mapping[str, np.ndarray], scales: Mapping[str, int]
) -> dict[str, str]:
    """Return an int8 network of two layers on the kernels that TFLite-Micro has for Arm's cores.

    Args:
        cmsis: A checkout of CMSIS-NN.
        folder: Where the sources go: its headers are copied there.
        arrays: ``weights_1``, ``weights_2`` int8 [out, in]; ``bias_1``, ``bias_2`` int32.
        scales: ``HIDDEN_MULTIPLIER``, ``HIDDEN_SHIFT``, ``OUT_MULTIPLIER``, ``OUT_SHIFT``.
    """
    shutil.copytree(cmsis / "Include", folder / "src", dirs_exist_ok=True)
    kernels = [next((cmsis / "Source").rglob(name)).read_text() for name in _CMSIS]
    hidden, inputs = arrays["weights_1"].shape
    sizes = {"INPUTS": inputs, "HIDDEN": hidden, "CLASSES": len(arrays["weights_2"]), **scales}
    types = {name: "int8_t" if a.dtype == np.int8 else "int32_t" for name, a in arrays.items()}
    header = "#include <stdint.h>\n" + "".join(f"#define {name} {value}\n" for name, value in sizes.items())
    header += "".join(f"extern const {types[name]} {name}[{a.size}];\n" for name, a in arrays.items())
    data = '#include "rival.h"\n' + "".join(
        f"const {types[name]} {name}[{a.size}] = {{\n{filled([str(v) for v in a.ravel()])}\n}};\n"
        for name, a in arrays.items()
    )
    return {
        "src/snn.c": _INT8,
        "src/snn_data.c": data,
        "src/snn_kernels.c": _AT_ONCE + "\n".join(kernels),
        "src/rival.h": header,
    }


def emlearn_network(include: Path, folder: Path, generated: str, n_inputs: int) -> dict[str, str]:
    """Return a network as emlearn generates it.

    Args:
        include: Folder of emlearn's headers, which are copied.
        folder: Where the sources go.
        generated: Its code, of the name ``rival``.
        n_inputs: Inputs.
    """
    (folder / "src").mkdir(parents=True, exist_ok=True)
    for path in include.glob("*.h"):
        shutil.copy(path, folder / "src")
    return {"src/snn.c": _EMLEARN.replace("INPUTS", str(n_inputs)), "src/rival.h": generated}
