"""C of what is compared, each a folder that `hwsearch.export.boards.emulate.emulated` builds.

All share one trace: it reads a sample, counts the instructions of ``classify``, and shows the prediction.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from hwsearch.export.c.descriptors import filled
from hwsearch.export.c.model import CModel
from hwsearch.network.integers import IntegerNetwork, half_step
from hwsearch.rival.integers import Int8Layer

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


def int8_network(cmsis: Path, folder: Path, layers: Sequence[Int8Layer]) -> dict[str, str]:
    """Return an int8 network on the kernels that TFLite-Micro has for Arm's cores.

    Args:
        cmsis: A checkout of CMSIS-NN.
        folder: Where the sources go: its headers are copied there.
        layers: The network.
    """
    shutil.copytree(cmsis / "Include", folder / "src", dirs_exist_ok=True)
    kernels = [next((cmsis / "Source").rglob(name)).read_text() for name in _CMSIS]
    header, data = "#include <stdint.h>\n", '#include "rival.h"\n'
    for place, layer in enumerate(layers):
        for name, kind, values in (("weights", "int8_t", layer.weights), ("bias", "int32_t", layer.bias)):
            header += f"extern const {kind} {name}_{place}[{values.size}];\n"
            text = filled([str(v) for v in values.ravel()])
            data += f"const {kind} {name}_{place}[{values.size}] = {{\n{text}\n}};\n"
    return {
        "src/snn.c": _int8_classify(layers),
        "src/snn_data.c": data,
        "src/snn_kernels.c": _AT_ONCE + "\n".join(kernels),
        "src/rival.h": header,
    }


def _int8_classify(layers: Sequence[Int8Layer]) -> str:
    """Return the function that calls a kernel a layer, and seeks the largest score."""
    sizes = [layers[0].weights.shape[1], *(len(layer.weights) for layer in layers)]
    values = ", ".join(f"values_{place}[{size}]" for place, size in enumerate(sizes))
    calls, zero = "", 0
    for place, layer in enumerate(layers):
        n_out, n_in = layer.weights.shape
        calls += f"""    {{
        const cmsis_nn_dims n_in = {{1, 1, 1, {n_in}}}, n_out = {{1, 1, 1, {n_out}}};
        const cmsis_nn_dims filter = {{{n_in}, 1, 1, {n_out}}};
        const cmsis_nn_fc_params to = {{{-zero}, 0, {layer.zero}, {{-128, 127}}}};
        const cmsis_nn_per_tensor_quant_params scale = {{{layer.multiplier}, {layer.shift}}};

        (void)arm_fully_connected_s8(&none, &to, &scale, &n_in, values_{place}, &filter, weights_{place}, &n_out,
            bias_{place}, &n_out, values_{place + 1});
    }}
"""
        zero = layer.zero
    last = f"values_{len(layers)}"
    return f"""#include "arm_nnfunctions.h"
#include "rival.h"
uint16_t classify(const uint8_t *x)
{{
    static int8_t {values};
    const cmsis_nn_context none = {{0}};
    uint16_t best = 0u, i;
    for (i = 0u; i < {sizes[0]}u; i++) {{
        values_0[i] = (int8_t)x[i];
    }}
{calls}    for (i = 1u; i < {sizes[-1]}u; i++) {{
        if ({last}[i] > {last}[best]) {{
            best = i;
        }}
    }}
    return best;
}}
"""


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
