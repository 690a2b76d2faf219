"""Workloads come back as they were written, also those of a chain that was written layer by layer."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from builders.graphs import spec

from hwsearch.measure.workload import count_workload
from hwsearch.network.fold import fold
from hwsearch.network.integer import run_integer
from hwsearch.network.integers import Widths
from hwsearch.network.params import initial_params
from hwsearch.records.workloads import workload_from
from hwsearch.tickets.fit import dense_masks

IMAGES = np.random.default_rng(0).integers(0, 17, (8, 1, 6, 6)).astype(np.uint8)


def counted(spelling):
    network = spec(spelling)
    params = initial_params(network, 0)
    folded = fold(network, params, dense_masks(params), (4,) * len(params.weights), 3, Widths())
    run = run_integer(folded, IMAGES)
    return count_workload(folded, run.input_maps, run.spikes)


def by_layer(workload):
    """Return a chain's workload as it was written layer by layer."""
    pools = [c.pooling.window[0] for c in workload.connections[1:]] + [1]
    layers = [
        {
            "name": c.name, "role": c.role, "kind": c.kind, "analog": c.analog, "weight_bits": c.weight_bits,
            "census": {name: value for name, value in asdict(c.census).items() if name != "groups"},
            "neurons": p.neurons, "inputs": c.inputs, "ops": asdict(c.ops), "spikes_in": c.spikes_in,
            "spikes_out": p.spikes_out, "out_size": p.size, "pool": pool, "fan_columns": c.fan_columns,
        }
        for c, p, pool in zip(workload.connections, workload.populations, pools, strict=True)
    ]  # fmt: skip
    return {"timesteps": workload.timesteps, "input_bits": workload.input_bits, "layers": layers}


@pytest.mark.parametrize("spelling", ["4c3-p2-6c3-fc8", "res(4c3-6c3s2)-dw3-r5"])
def test_what_is_written_is_read(spelling):
    workload = counted(spelling)
    assert workload_from(json.loads(json.dumps(asdict(workload)))) == workload


@pytest.mark.parametrize("spelling", ["4c3-p2-6c3-fc8", "fc12-fc8"])
def test_a_chain_that_was_written_layer_by_layer_is_read(spelling):
    workload = counted(spelling)
    read = workload_from(json.loads(json.dumps(by_layer(workload))))
    # what its neurons are was not written
    unknown = tuple(replace(p, model=None, reset=None) for p in workload.populations)
    assert read == replace(workload, populations=unknown)
