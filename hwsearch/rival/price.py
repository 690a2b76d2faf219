"""What a plain network costs on a device: the profile's own cycles, energies and formats, and never a guess.

Weights, cycles and energy are those of `hwsearch.hardware.cost_model` for a network whose connections read values:
one multiply-accumulate where a value that is not zero meets a weight that is not, as in a spiking network's first
layer, since the same kernels would run it; a neuron is updated once (bias, requantising) as the profile prices an
update. Bytes besides weights are counted here::

    params   a bias of 32 bits a neuron; 5 bytes a layer: a multiplier of 32 bits and a shift
    state    hidden values, 8 bits each
    buffers  the input's values, and the sums of the widest layer, as wide as the device's accumulators
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hwsearch.graph.graph import INPUT, NO_POOLING, Connection, Input, Population, Readout
from hwsearch.hardware.cost_model import Cost, cost_fields, price
from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.families.parts import as_bytes
from hwsearch.hardware.models import Roofline
from hwsearch.hardware.workload import Workload
from hwsearch.measure.workload import count_workload
from hwsearch.network.integers import IntegerConnection, IntegerNetwork, IntegerPopulation
from hwsearch.rival.integers import Int8Layer, layer_values

ACTIVATION_BITS = 8
_BIAS_BITS, _SCALE_BITS = 32, 40


def why_none(profile: HardwareProfile) -> str:
    """Return why a device runs no plain network, by what its profile prices; empty where it runs one."""
    if profile.priced_core is not None:
        return (
            f"this study prices the exported C library's code and instructions on {profile.id}; there is none of a "
            "plain network"
        )
    if profile.model is None or isinstance(profile.model, Roofline):
        return ""
    return (
        f"{profile.id} runs spikes only: its profile ({profile.family}) has no price for multiply-accumulates"
    )


def plain_workload(layers: Sequence[Int8Layer], weight_bits: int, x: np.ndarray, most: int) -> Workload:
    """Count what an inference of a plain network works off.

    Args:
        layers: The network.
        weight_bits: Of its weights.
        x: Samples that are counted on, [N, in] integers of 0 .. ``most``.
        most: The largest input.
    """
    read = [x, *layer_values(layers, x)[:-1]]
    chain = connections_of([layer.weights.shape for layer in layers])
    network = IntegerNetwork(
        tuple(
            IntegerPopulation(Population(c.name, c.out_channels, (1, 1), None, flat=True), layer.bias, None)
            for c, layer in zip(chain, layers, strict=True)
        ),
        tuple(IntegerConnection(c, layer.weights, 0) for c, layer in zip(chain, layers, strict=True)),
        (weight_bits,) * len(layers),
        1,
        Input((x.shape[1], 1, 1), most, most.bit_length()),
        Readout(),
        state_bits=32,
    )
    events = [(values != 0).mean(0) for values in read]
    silent = [np.zeros(c.out_channels) for c in chain[:-1]]
    counted = count_workload(network, events, silent)
    return replace(counted, connections=tuple(replace(c, analog=True) for c in counted.connections))


def connections_of(shapes: Sequence[tuple[int, ...]]) -> list[Connection]:
    """Return a chain of fully connected weights, [out, in] each."""
    chain = []
    for place, (n_out, n_in) in enumerate(shapes):
        last = place == len(shapes) - 1
        name = "readout" if last else f"fc{place + 1}"
        chain.append(
            Connection(
                name, INPUT if place == 0 else place - 1, place, "fc", n_in, n_out, (1, 1), (1, 1), 1, NO_POOLING,
                0, (1, 1), (1, 1), 1, readout=last,
            )
        )  # fmt: skip
    return chain


def price_plain(workload: Workload, profile: HardwareProfile) -> Cost:
    """Return what a plain network costs on a device that runs one (`why_none`).

    Energy and latency are None where the profile has no price for a multiply-accumulate. ``synaptic_ops`` are its
    multiply-accumulates, so that budgets of operations hold for it too.
    """
    device = replace(profile, storage="smallest", state_bits=ACTIVATION_BITS)
    # hidden values have 8 bits, and a multiplier takes the widest that it meets
    cost = price(replace(workload, input_bits=max(workload.input_bits, ACTIVATION_BITS)), device)
    neurons = [population.neurons for population in workload.populations]
    n_bytes = {
        "weights": cost.weight_bytes,
        "params": sum(as_bytes(n, _BIAS_BITS) + as_bytes(1, _SCALE_BITS) for n in neurons),
        "state": as_bytes(sum(neurons[:-1]), ACTIVATION_BITS),
        "buffers": as_bytes(1, workload.input_bits) * workload.inputs
        + as_bytes(max(neurons), profile.accumulator_bits),
    }
    return replace(
        cost,
        memory_bytes=sum(n_bytes.values()),
        banks=tuple((bank.name, sum(n_bytes[what] for what in bank.holds)) for bank in profile.banks),
        bias_bytes=n_bytes["params"],
        state_bytes=n_bytes["state"],
        buffer_bytes=n_bytes["buffers"],
        synaptic_ops=cost.macs,
    )


def price_columns(cost: Cost) -> dict[str, float | int | None]:
    """Return a plain network's costs as columns: its multiply-accumulates are ``operations``."""
    fields = cost_fields(cost)
    operations = fields.pop("synaptic_ops")
    del fields["macs"]
    return fields | {"operations": operations}
