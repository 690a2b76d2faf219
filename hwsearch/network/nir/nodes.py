"""What each node of a NIR graph means, as typed values; what the machine cannot do is a fault with the node's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from hwsearch.graph.graph import Size
from hwsearch.network.nir.file import PASS
from hwsearch.network.nir.neurons import read_firing, read_integrator
from hwsearch.network.nir.values import Delay, Flatten, Node, Pool, Reading, Scale, Terminal, Weights


def read_node(reading: Reading) -> Node | None:
    """Return what a node means; None where it has faults, which are in ``reading.faults``."""
    reader = _READERS.get(reading.raw.type)
    if reader is None or (reading.raw.type == "NoneType" and not reading.may_flatten):
        law = f"a node must be one of {', '.join(sorted(set(_READERS) - {PASS, 'NoneType'}))}"
        todo = "replace it: the machine has no such operation"
        if reading.raw.type == "NoneType":
            todo = (
                "the framework wrote nothing for this layer: Norse has no NIR for pooling, Conv1d and others"
            )
        reading.fault(law, reading.raw.type, todo)
        return None
    node = reader(reading)
    return None if reading.faults else node


def _matrix(r: Reading) -> Node | None:
    weight = r.array("weight")
    if r.faults:
        return None
    if weight.ndim != 2:
        r.fault("weight must be [out, in]", f"the shape {list(weight.shape)}", "use one matrix")
        return None
    bias = r.array("bias") if r.raw.type == "Affine" else None
    return Weights(weight, _per_output(r, weight, bias))


def _per_output(r: Reading, weight: np.ndarray, bias: np.ndarray | None) -> np.ndarray | None:
    """Return a bias as [out]."""
    if bias is None or bias.size not in (1, len(weight)):
        if bias is not None:
            r.fault("bias must be one number an output", f"{bias.size} for {len(weight)}", "write one each")
        return None
    return np.broadcast_to(bias.ravel(), len(weight)).copy()


def _filters(r: Reading) -> Node | None:
    axes = int(r.raw.type[4])
    weight = r.array("weight")
    if r.faults:
        return None
    if weight.ndim != 2 + axes:
        law = f"weight must be [out, in / groups{', k' * axes}]"
        r.fault(law, f"the shape {list(weight.shape)}", "use one filter bank")
        return None
    weight = weight.reshape(*weight.shape[:2], *((1,) if axes == 1 else ()), *weight.shape[2:])
    stride = r.pair("stride", 1)
    if axes == 1:
        stride = (1, stride[1])
    groups = r.pair("groups", 1)[0]
    if set(r.pair("dilation", 1)) != {1}:
        r.fault("dilation must be 1", str(r.raw.values["dilation"]), "train with filters without holes")
    if min(stride) < 1:
        r.fault("stride must be at least 1", str(stride), "train with a stride")
    _check_groups(r, weight, groups)
    bias = r.array("bias", 0.0)
    factor = _pools(weight, stride, groups)
    padding = _padding(r, weight, stride, axes)
    if factor is not None and padding == (0, 0) and not bias.any():
        return Pool(stride, factor)
    return Weights(weight, _per_output(r, weight, bias), stride, padding, groups, axes)


def _pools(weight: np.ndarray, stride: Size, groups: int) -> float | None:
    """Return what filters multiply the mean of windows by, if that is all they do: a pooling for who reads none."""
    if weight.shape[2:] != stride or max(stride) < 2:
        return None
    value = float(weight.ravel()[0])
    wanted = np.ones((len(weight), 1)) if groups > 1 else np.eye(len(weight), weight.shape[1])
    same = np.allclose(weight, wanted[:, :, None, None] * np.full(stride, value), rtol=1e-6, atol=0.0)
    return value * stride[0] * stride[1] if same and value > 0 else None


def _check_groups(r: Reading, weight: np.ndarray, groups: int) -> None:
    if groups != 1 and (weight.shape[1] != 1 or groups != len(weight)):
        law = "groups must be 1, or one a channel with as many outputs as inputs (depthwise)"
        r.fault(law, f"{groups} groups, {len(weight)} outputs", "train with one of both")


def _padding(r: Reading, weight: np.ndarray, stride: Size, axes: int) -> Size | None:
    """Return the padding of filters; None is what keeps the size: kernel // 2 of odd sides."""
    written = r.raw.values.get("padding", 0)
    written = written.decode() if isinstance(written, bytes) else written
    sides: Size = weight.shape[2], weight.shape[3]
    if isinstance(written, str) and written not in ("same", "valid"):
        r.fault("padding must be 'same', 'valid' or whole numbers", repr(written), "write it so")
        return None
    if isinstance(written, str) and written == "same":
        padding = (sides[0] // 2, sides[1] // 2)
        if max(stride) > 1:
            r.fault("padding 'same' must not stand with a stride", str(stride), "write kernel // 2")
    else:
        padding = (0, 0) if isinstance(written, str) else r.pair("padding", 0)
    if axes == 1:
        padding = (0, padding[1])
    if not all(side % 2 for side in sides) and max(padding) > 0:
        r.fault(
            "a filter's sides must be odd",
            " x ".join(map(str, sides)),
            "train with odd filters, padding kernel // 2",
        )
    return None if padding == (sides[0] // 2, sides[1] // 2) and all(s % 2 for s in sides) else padding


def _pool(r: Reading) -> Node:
    window = r.pair("kernel_size")
    stride = r.pair("stride") if r.raw.values.get("stride") is not None else window
    if min(window) < 1:
        r.fault("kernel_size must be at least 1", str(window), "use a window")
    if stride != window:
        r.fault(
            "a pooling's stride must be its window",
            f"stride {stride}, window {window}",
            "train with windows that do not overlap",
        )
    if max(r.pair("padding", 0)) > 0:
        r.fault("a pooling must have no padding", str(r.raw.values["padding"]), "train without")
    return Pool(window, 1.0 if r.raw.type == "AvgPool2d" else float(window[0] * window[1]))


def _scale(r: Reading) -> Node:
    return Scale(r.array("scale"))


def _flatten(r: Reading) -> Node:
    ends = [r.array(name, default).ravel()[0] for name, default in (("start_dim", 1.0), ("end_dim", -1.0))]
    return Flatten(int(ends[0]), int(ends[1]))


def _nothing(r: Reading) -> Node:
    """Read what a framework wrote as nothing, if it can have been a Flatten alone (`nir.importer` sees to that)."""
    r.notes.append(
        f"{r.name}: nothing was written between neurons and a matrix, read as a Flatten (Norse writes none)"
    )
    return Flatten(0, -1)


def _delay(r: Reading) -> Node:
    steps = r.array("delay").ravel() / r.time.dt
    whole = np.round(steps)
    if (np.abs(steps - whole) > 1e-3).any() or len(set(whole)) > 1 or whole[0] not in (0, 1):
        got = f"{steps.min():.6g} to {steps.max():.6g} steps of dt = {r.time.dt:g} s"
        r.fault(
            "a delay must be 0 or 1 timesteps, one for all",
            got,
            "train with one, or say the dt that it was written with",
        )
    return Delay(int(whole[0]) if whole[0] in (0, 1) else 0)


def _terminal(r: Reading) -> Node:
    shape = r.raw.values.get("shape")
    return Terminal(r.raw.type, None if shape is None else tuple(int(n) for n in r.array("shape").ravel()))


_READERS: Mapping[str, Callable[[Reading], Node | None]] = {
    "Affine": _matrix, "Linear": _matrix, "Conv1d": _filters, "Conv2d": _filters,
    "AvgPool2d": _pool, "SumPool2d": _pool, "Scale": _scale, "Flatten": _flatten, "Delay": _delay,
    "Input": _terminal, "Output": _terminal, PASS: _terminal, "NoneType": _nothing,
    "I": read_integrator, "LI": read_integrator, "CubaLI": read_integrator,
    "IF": read_firing, "LIF": read_firing, "CubaLIF": read_firing,
}  # fmt: skip
