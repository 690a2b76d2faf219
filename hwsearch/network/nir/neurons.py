"""Neurons of a NIR graph: a leak, a gain, a threshold and a bias.

A neuron of NIR is a differential equation, tau dv/dt = (v_leak - v) + R I. One Euler step of dt, with u = v - v_reset::

    u[t] = u[t-1] - a u[t-1] + g I[t] + a (v_leak - v_reset)          a = dt / tau,  g = R a     (IF: a = 0, g = R dt)

So its threshold is v_threshold - v_reset, its leak a, and what v_leak is above v_reset is a bias. Two dialects are read
as they are meant: an IF with R = 1 adds its current as it is (Norse, sinabs), and so does a LIF of infinite tau and R
(snnTorch's beta = 1).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hwsearch.network.nir.leak import Leak, nearest_shift
from hwsearch.network.nir.values import Neuron, Node, Reading, plain, squeezed

RESETS = ("zero", "subtract", "subtract_next")


def read_integrator(r: Reading) -> Node | None:
    """Read LI, CubaLI and I: a readout with a leak, or without."""
    rate, rest = _parameters(r, {"r": None, "v_leak": 0.0})
    if r.raw.type == "I":
        return _neuron(r, np.zeros(1), _without_leak(r, rate), None, np.zeros(1), "zero")
    leak = _leak(r)
    if r.faults:
        return None
    return _neuron(r, leak, _synapse(r) * rate * leak, None, leak * rest, "zero")


def read_firing(r: Reading) -> Node | None:
    """Read IF, LIF and CubaLIF."""
    endless, integrates = r.raw.type == "LIF" and _endless(r), r.raw.type == "IF"
    rate, rest, threshold, zero = _parameters(
        r,
        {"r": 1.0 if endless else None, "v_leak": 0.0, "v_threshold": None, "v_reset": 0.0},
        endless=endless,
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
    return np.asarray(above)


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


def _endless(r: Reading) -> bool:
    """Return whether tau and R are infinite: how snnTorch writes beta = 1, a neuron that adds up its current."""
    try:
        return bool(
            np.isposinf(plain(r.raw.values["tau"])).all() and np.isposinf(plain(r.raw.values["r"])).all()
        )
    except (KeyError, TypeError, ValueError):
        return False


def _reset(r: Reading) -> str:
    written = r.raw.metadata.get("reset", r.reset)
    written = written.decode() if isinstance(written, bytes) else written
    if not isinstance(written, str) or written not in RESETS:
        r.fault(f"reset must be one of {', '.join(RESETS)}", repr(written), "mend the metadata")
        return "zero"
    return written
