"""What each node of a NIR graph means, as typed values; what the machine model cannot say is a fault with the node's name.

A neuron of NIR is a differential equation, tau dv/dt = (v_leak - v) + R I. One Euler step of dt, with u = v - v_reset::

    u[t] = u[t-1] - a u[t-1] + g I[t] + a (v_leak - v_reset)          a = dt / tau,  g = R a     (IF: a = 0, g = R dt)

So its threshold is v_threshold - v_reset, its leak a, and what v_leak is above v_reset is a bias. NIR names no time step:
``dt`` is that of the options, of the graph's metadata, or 1e-4, the convention of snnTorch and SpikingJelly. Three
dialects are read as they are meant: an IF with R = 1 adds its current as it is (Norse, sinabs), and the time constants
that Norse writes are dt tau (its dt is 1e-3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hwsearch.errors import Fault
from hwsearch.graph.graph import Size
from hwsearch.network.nir_file import PASS, RawNode
from hwsearch.network.nir_leak import Leak, nearest_shift

RESETS = ("zero", "subtract", "subtract_next")
NORSE_DT = 1e-3


@dataclass(frozen=True)
class TimeStep:
    """The time step of a graph.

    Attributes:
        dt: In seconds.
        origin: Where it was found, in words.
        norse: Whether time constants are written as Norse does, dt tau.
    """

    dt: float
    origin: str
    norse: bool = False

    def leak(self, tau: np.ndarray) -> np.ndarray:
        """Return a, what one step leaks."""
        return self.dt**2 / tau if self.norse else self.dt / tau


@dataclass(frozen=True, eq=False)
class Neuron:
    """A population's dynamics, its arrays of size 1 or of the population's shape.

    Attributes:
        leak: Its leak, exact and snapped.
        gain: g, which its currents are multiplied by.
        threshold: Above the reset potential; None where it does not fire (a readout).
        bias: Current of its own at each timestep.
        reset: ``zero``, ``subtract``, or ``subtract_next``: subtracted in the next timestep, behind the leak.
        shape: Of the largest of its parameters.
    """

    leak: Leak
    gain: np.ndarray
    threshold: np.ndarray | None
    bias: np.ndarray
    reset: str
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Weights:
    """A matrix or filters.

    Attributes:
        weight: [out, in] or [out, in / groups, kh, kw].
        bias: [out] or None.
        stride: Down and across.
        padding: Down and across; None: what keeps the size.
        groups: Groups of channels.
        axes: 1 where the filters are of one dimension, which here is the width.
    """

    weight: np.ndarray
    bias: np.ndarray | None
    stride: Size = (1, 1)
    padding: Size | None = None
    groups: int = 1
    axes: int = 2


@dataclass(frozen=True)
class Pool:
    """Pooling: the mean of windows, times a factor (their number of values for a sum)."""

    window: Size
    factor: float


@dataclass(frozen=True, eq=False)
class Scale:
    """A factor for each value that passes."""

    factor: np.ndarray


@dataclass(frozen=True)
class Flatten:
    """Axes ``start`` .. ``end`` become one."""

    start: int
    end: int


@dataclass(frozen=True)
class Delay:
    """What passes comes 0 or 1 timesteps later."""

    steps: int


@dataclass(frozen=True)
class Terminal:
    """The input or the output of the graph, with its shape where it is written; or the end of a subgraph."""

    kind: str
    shape: tuple[int, ...] | None = None


Node = Neuron | Weights | Pool | Scale | Flatten | Delay | Terminal


@dataclass
class Reading:
    """A node being read.

    Attributes:
        name: Its name.
        raw: As written.
        time: The time step.
        reset: How it resets where its metadata do not say.
        path: The file.
        may_flatten: Whether a node that was written as nothing stands between neurons and a matrix.
        faults: What is wrong with it.
        notes: What was taken for granted.
    """

    name: str
    raw: RawNode
    time: TimeStep
    reset: str = "zero"
    path: Path | None = None
    may_flatten: bool = False
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def fault(self, law: str, got: str, todo: str) -> None:
        """Add what is wrong, once."""
        fault = Fault(f"node {self.name!r} ({self.raw.type})", law, got, todo, self.path)
        if fault not in self.faults:
            self.faults.append(fault)

    def array(self, name: str, default: float | None = None) -> np.ndarray:
        """Return a parameter as float64; what is missing, no number or not finite is a fault (and then 1)."""
        found = self.raw.values.get(name)
        found = default if found is None else found
        todo = "write the network again with the framework's NIR export"
        try:
            array = _plain(found)
        except (TypeError, ValueError):
            self.fault(f"{name} must be numbers", "nothing" if found is None else repr(found)[:60], todo)
            return np.ones(1)
        if array.size == 0 or not np.isfinite(array).all():
            bad = "none" if array.size == 0 else f"{(~np.isfinite(array)).sum()} of {array.size} that are not"
            self.fault(f"{name} must be finite numbers", bad, "train again: a network with NaN predicts nothing")
            return np.ones(array.shape if array.size else 1)
        return array

    def pair(self, name: str, default: int | None = None) -> Size:
        """Return a parameter that is one whole number, or one for each of two axes."""
        values = self.array(name, default).ravel()
        if values.size > 2 or (values != np.round(values)).any() or (values < 0).any():
            self.fault(f"{name} must be one whole number, or two", f"{values.tolist()}"[:60], "write it so")
            return 1, 1
        return int(values[0]), int(values[-1])


def _endless(r: Reading) -> bool:
    """Return whether tau and R are infinite: how snnTorch writes beta = 1, a neuron that adds up its current."""
    try:
        return bool(np.isposinf(_plain(r.raw.values["tau"])).all() and np.isposinf(_plain(r.raw.values["r"])).all())
    except (KeyError, TypeError, ValueError):
        return False


def _plain(values: Any) -> np.ndarray:
    """Return numbers, of torch too, as float64."""
    plain: np.ndarray = np.asarray(values.detach() if hasattr(values, "detach") else values).astype(np.float64)
    return plain


def read_node(reading: Reading) -> Node | None:
    """Return what a node means; None where it has faults, which are in ``reading.faults``."""
    reader = _READERS.get(reading.raw.type)
    if reader is None or reading.raw.type == "NoneType" and not reading.may_flatten:
        law = f"a node must be one of {', '.join(sorted(set(_READERS) - {PASS, 'NoneType'}))}"
        todo = "replace it: the machine has no such operation"
        if reading.raw.type == "NoneType":
            todo = "the framework wrote nothing for this layer: Norse has no NIR for pooling, Conv1d and others"
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
    unpadded = set(np.ravel(r.raw.values.get("padding"))) <= {0, "valid"}
    if factor is not None and unpadded and not bias.any():
        return Pool(stride, factor)
    return Weights(weight, _per_output(r, weight, bias), stride, _padding(r, weight, stride, axes), groups, axes)


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
        r.fault("a filter's sides must be odd", " x ".join(map(str, sides)), "train with odd filters, padding kernel // 2")
    return None if padding == (sides[0] // 2, sides[1] // 2) and all(s % 2 for s in sides) else padding


def _pool(r: Reading) -> Node:
    window = r.pair("kernel_size")
    stride = r.pair("stride") if r.raw.values.get("stride") is not None else window
    if min(window) < 1:
        r.fault("kernel_size must be at least 1", str(window), "use a window")
    if stride != window:
        r.fault("a pooling's stride must be its window", f"stride {stride}, window {window}", "train with windows that do not overlap")
    if max(r.pair("padding", 0)) > 0:
        r.fault("a pooling must have no padding", str(r.raw.values["padding"]), "train without")
    return Pool(window, 1.0 if r.raw.type == "AvgPool2d" else float(window[0] * window[1]))


def _scale(r: Reading) -> Node:
    return Scale(r.array("scale"))


def _flatten(r: Reading) -> Node:
    ends = [r.array(name, default).ravel()[0] for name, default in (("start_dim", 1.0), ("end_dim", -1.0))]
    return Flatten(int(ends[0]), int(ends[1]))


def _nothing(r: Reading) -> Node:
    """Read a node that a framework wrote as nothing, where it can have been a Flatten alone (`nir_in` sees to that)."""
    r.notes.append(f"{r.name}: nothing was written between neurons and a matrix, read as a Flatten (Norse writes none)")
    return Flatten(0, -1)


def _delay(r: Reading) -> Node:
    steps = r.array("delay").ravel() / r.time.dt
    whole = np.round(steps)
    if (np.abs(steps - whole) > 1e-3).any() or len(set(whole)) > 1 or whole[0] not in (0, 1):
        got = f"{steps.min():.6g} to {steps.max():.6g} steps of dt = {r.time.dt:g} s"
        r.fault("a delay must be 0 or 1 timesteps, one for all", got, "train with one, or say the dt that it was written with")
    return Delay(int(whole[0]) if whole[0] in (0, 1) else 0)


def _terminal(r: Reading) -> Node:
    shape = r.raw.values.get("shape")
    return Terminal(r.raw.type, None if shape is None else tuple(int(n) for n in r.array("shape").ravel()))


def _integrator(r: Reading) -> Node | None:
    """Read LI, CubaLI and I: a readout with a leak, or without."""
    rate, rest = _parameters(r, {"r": None, "v_leak": 0.0})
    if r.raw.type == "I":
        return _neuron(r, np.zeros(1), _without_leak(r, rate), None, np.zeros(1), "zero")
    leak = _leak(r)
    if r.faults:
        return None
    return _neuron(r, leak, _synapse(r) * rate * leak, None, leak * rest, "zero")


def _firing(r: Reading) -> Node | None:
    """Read IF, LIF and CubaLIF."""
    endless, integrates = r.raw.type == "LIF" and _endless(r), r.raw.type == "IF"
    rate, rest, threshold, zero = _parameters(
        r, {"r": 1.0 if endless else None, "v_leak": 0.0, "v_threshold": None, "v_reset": 0.0}, endless=endless
    )
    leak = np.zeros(1) if endless or integrates else _leak(r)
    if r.faults:
        return None
    if endless:
        r.notes.append(f"{r.name}: infinite tau and R are read as snnTorch means them, beta = 1")
        gain = rate
    else:
        gain = _without_leak(r, rate) if integrates else _synapse(r) * rate * leak
    reset = _reset(r)
    if reset != "zero" and rest.any():
        r.fault("v_leak must be 0 where the reset subtracts", f"{rest.ravel()[0]:g}", "train with v_leak = 0")
    origin = zero if reset == "zero" else np.zeros(1)
    above = _above(r, threshold, origin)
    return _neuron(r, leak, gain, above, leak * (rest - origin), reset)


def _parameters(r: Reading, names: Mapping[str, float | None], *, endless: bool = False) -> list[np.ndarray]:
    """Return parameters with their defaults; those that hold more than one value must have one shape.

    Args:
        r: The neuron.
        names: What to read.
        endless: Whether tau and R are infinite, and not read.
    """
    skipped = {"r", "tau"} if endless else set()
    arrays = {n: np.ones(1) if n in skipped else r.array(n, default) for n, default in names.items()}
    others = [n for n in ("tau", "tau_mem", "tau_syn", "w_in") if n in r.raw.values and n not in skipped]
    every = [*arrays.values(), *(r.array(n) for n in others)]
    shapes = {squeezed(a.shape) for a in every if a.size > 1}
    if len(shapes) > 1:
        got = ", ".join(str(list(s)) for s in sorted(shapes))
        r.fault("a neuron's parameters must have one shape", got, "write them so")
    return list(arrays.values())


def _above(r: Reading, threshold: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """Return the threshold above the reset potential."""
    above = threshold - origin
    if (above <= 0).any():
        law = "v_threshold must be above v_reset (of 0, say)"
        got = f"{above.min():g} above it in {(above <= 0).sum()} of {above.size} neurons"
        r.fault(law, got, "train with a positive threshold: the machine resets to 0 and fires upwards")
    return above


def _neuron(
    r: Reading, leak: np.ndarray, gain: np.ndarray, threshold: np.ndarray | None, bias: np.ndarray, reset: str
) -> Node:
    arrays = [leak, gain, bias] + ([] if threshold is None else [threshold])
    shape = max((squeezed(a.shape) for a in arrays if a.size > 1), default=())
    if (gain == 0).any():
        r.fault("r must not be 0", "0", "train with a resistance: no current passes")
    snapped = nearest_shift(leak)
    if isinstance(snapped, str):
        tau = "tau_mem" if "tau_mem" in r.raw.values else "tau"
        todo = f"train with {tau} = dt 2**k, k of 1 to 8, or say the dt that it was written with (here {r.time.dt:g} s)"
        r.fault("a leak dt / tau must be near one 2**-k for all neurons of a node", snapped, todo)
        snapped = Leak(None, leak, 0.0)
    return Neuron(snapped, gain, threshold, bias, reset, shape)


def _leak(r: Reading) -> np.ndarray:
    """Return a = dt / tau."""
    name = "tau_mem" if r.raw.type.startswith("Cuba") else "tau"
    tau = r.array(name)
    if (tau <= 0).any():
        r.fault(f"{name} must be positive", f"{tau.min():g}", "train with a time constant in seconds")
        return np.full(tau.shape, 0.5)
    return r.time.leak(tau)


def _synapse(r: Reading) -> np.ndarray:
    """Return the gain of a synapse without memory (1 where there is none)."""
    if not r.raw.type.startswith("Cuba"):
        return np.ones(1)
    tau = r.array("tau_syn")
    if ((np.abs(tau - r.time.dt) > 1e-3 * r.time.dt) & (tau != 0)).any():
        law = "a synapse must be without memory: tau_syn = dt, or 0"
        todo = "train with a LIF: the machine has one state a neuron"
        r.fault(law, f"{tau.min():g} to {tau.max():g} s, dt = {r.time.dt:g} s", todo)
    return r.array("w_in", 1.0)


def _without_leak(r: Reading, rate: np.ndarray) -> np.ndarray:
    """Return the gain R dt of an integrator; R = 1 stands for a gain of 1."""
    if (rate == 1).all():
        r.notes.append(f"{r.name}: R = 1 without a leak is read as Norse and sinabs mean it, R dt = 1")
        return rate
    return rate * r.time.dt


def _reset(r: Reading) -> str:
    written = r.raw.metadata.get("reset", r.reset)
    written = written.decode() if isinstance(written, bytes) else written
    if not isinstance(written, str) or written not in RESETS:
        r.fault(f"reset must be one of {', '.join(RESETS)}", repr(written), "mend the metadata")
        return "zero"
    return written


def squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape without leading ones: of a batch that a framework left in."""
    while len(shape) > 1 and shape[0] == 1 and len(shape) != 3:
        shape = shape[1:]
    return shape


_READERS: Mapping[str, Callable[[Reading], Node | None]] = {
    "Affine": _matrix, "Linear": _matrix, "Conv1d": _filters, "Conv2d": _filters, "AvgPool2d": _pool, "SumPool2d": _pool,
    "Scale": _scale, "Flatten": _flatten, "Delay": _delay, "Input": _terminal, "Output": _terminal, PASS: _terminal,
    "NoneType": _nothing, "LI": _integrator, "CubaLI": _integrator, "I": _integrator, "IF": _firing, "LIF": _firing, "CubaLIF": _firing,
}  # fmt: skip


def time_step(
    nodes: Mapping[str, RawNode], metadata: Mapping[str, Any], dt: float | None, path: Path | None
) -> tuple[TimeStep, list[Fault]]:
    """Return the time step of a graph: the one given, else of its metadata, else the convention."""
    written = metadata.get("dt")
    faults = []
    if written is not None:
        try:
            written = float(np.asarray(written))
        except (TypeError, ValueError):
            written = float("nan")
        if not (np.isfinite(written) and written > 0):
            faults.append(Fault("metadata dt", "a time step must be a positive number of seconds", repr(metadata["dt"])[:60], "mend it", path))
            written = None
    if written is not None and dt is not None and not np.isclose(written, dt):
        law = "the time step that is given must be that of the file's metadata"
        faults.append(Fault("dt", law, f"{dt:g} s, the file says {written:g} s", "leave it out", path))
    if dt is None and written is None and _norse(nodes):
        return TimeStep(NORSE_DT, f"that of Norse, {NORSE_DT:g} s: time constants are written as dt tau", norse=True), faults
    if dt is not None:
        return TimeStep(dt, "given", norse=_norse(nodes) and _too_fast(nodes, dt)), faults
    if written is not None:
        return TimeStep(written, "of the file's metadata"), faults
    return TimeStep(1e-4, "the convention of snnTorch and SpikingJelly, as the file names none"), faults


def _norse(nodes: Mapping[str, RawNode]) -> bool:
    """Return whether time constants are those that Norse writes: one number a node, R = 1, far below any time step."""
    leaky = [n.values for n in nodes.values() if n.type in ("LIF", "LI")]
    try:
        return bool(leaky) and all(
            np.ndim(v["tau"]) == 0 and 0 < float(v["tau"]) < 0.7e-4 and float(v["r"]) == 1 for v in leaky
        )
    except (KeyError, TypeError, ValueError):
        return False


def _too_fast(nodes: Mapping[str, RawNode], dt: float) -> bool:
    return all(float(n.values["tau"]) < dt for n in nodes.values() if n.type in ("LIF", "LI"))
