"""Many networks as one C program: each has its own prefix, all share the kernels; traces as the integer model's."""

import subprocess
from dataclasses import dataclass

import numpy as np

from hwsearch.export.c.inputs import raw_bytes
from hwsearch.export.c.kernels import together
from hwsearch.export.c.model import CModel, c_model
from hwsearch.export.c.project import trace_of
from hwsearch.export.c.render import kernel_files, model_files, trace_files
from hwsearch.network.integer import run_integer

STRICT = (
    "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow",
    "-Wcast-qual", "-Wstrict-prototypes", "-Wmissing-prototypes",
)  # fmt: skip
_CPPCHECK = (
    "cppcheck", "--std=c99", "--enable=warning,style,performance,portability", "--error-exitcode=1", "--quiet",
)  # fmt: skip
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")


@dataclass(frozen=True, eq=False)
class Case:
    """A network with inputs.

    Attributes:
        name: What it is.
        model: The network as C.
        x: Inputs.
    """

    name: str
    model: CModel
    x: np.ndarray


def case(name, network, x, formats, pointer_bits=16, prefix="snn"):
    return Case(name, c_model(network, formats, pointer_bits, prefix), x)


def expected(each: Case):
    """Return what the integer model shows."""
    return trace_of(run_integer(each.model.network, each.x, trace=True))


def sources(cases):
    """Return the files of a program that traces all of its networks."""
    files = kernel_files(together(each.model.program.use for each in cases))
    for each in cases:
        files |= model_files(each.model, {"network": each.name})
        files |= trace_files(each.model, {"network": each.name})
    files["main.c"] = _main(cases)
    return files


def _main(cases):
    prefixes = [each.model.names.prefix for each in cases]
    runs = [
        f"    for (i = 0u; i < {len(each.x)}u; i++) {{\n"
        f"        if ({prefix}_trace(get, put) == 0u) {{\n            return 1;\n        }}\n    }}\n"
        for prefix, each in zip(prefixes, cases, strict=True)
    ]
    return (
        "#include <stdint.h>\n#include <stdio.h>\n"
        + "".join(f'#include "{prefix}_trace.h"\n' for prefix in prefixes)
        + "\nstatic uint8_t get(void *to, uint32_t n)\n{\n    return (fread(to, 1u, n, stdin) == n) ? 1u : 0u;\n}\n"
        "\nstatic void put(int32_t value)\n{\n    const uint32_t bits = (uint32_t)value;\n    uint32_t i;\n\n"
        "    for (i = 0u; i < 32u; i += 8u) {\n        (void)putchar((int)((bits >> i) & 255u));\n    }\n}\n"
        "\nint main(void)\n{\n    uint32_t i;\n\n" + "".join(runs) + "    return 0;\n}\n"
    )


def write(cases, folder):
    """Write the sources; return those to compile: one a network, since a compiler takes long to start."""
    for name, text in sources(cases).items():
        (folder / name).write_text(text)
    units = [folder / "snn_kernels.c", folder / "main.c"]
    for each in cases:
        prefix = each.model.names.prefix
        units.append(folder / f"{prefix}_unit.c")
        units[-1].write_text("".join(f'#include "{prefix}{end}.c"\n' for end in ("_data", "", "_trace")))
    return units


def built(cases, folder, *flags, compiler="gcc"):
    """Compile; return the program."""
    files = write(cases, folder)
    program = folder / "trace"
    done = subprocess.run(
        [compiler, *STRICT, *flags, "-o", program, *files], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[:4000]
    return program


def named_by_cppcheck(folder):
    """Return what cppcheck names in a folder of sources; nothing of data, of the main that traces, and of units."""
    files = [p for p in sorted(folder.glob("*.c")) if not p.name.endswith(("_unit.c", "_data.c", "main.c"))]
    done = subprocess.run([*_CPPCHECK, *files], capture_output=True, text=True, check=False)
    return (done.stderr.splitlines() or ["no message"]) if done.returncode else []


def traces(cases, program):
    """Run a program; return each network's traces [N, values]."""
    data = b"".join(raw_bytes(each.x, each.model.program.feed) for each in cases)
    done = subprocess.run([program], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[:4000]
    values, shown, start = np.frombuffer(done.stdout, "<i4"), [], 0
    for each in cases:
        network = each.model.network
        width = network.timesteps * (sum(p.shape.neurons for p in network.populations) + 1)
        shown.append(values[start : start + width * len(each.x)].reshape(len(each.x), width))
        start += width * len(each.x)
    assert start == len(values)
    return shown


def differing(cases, shown):
    """Return the names of the networks whose traces are not the integer model's."""
    return [
        each.name for each, got in zip(cases, shown, strict=True) if not np.array_equal(expected(each), got)
    ]
