"""A network of two layers that is small enough to price by hand, and the two plainest devices to price it on."""

from dataclasses import replace

from builders.devices import profile
from hwsearch.graph.graph import INPUT
from hwsearch.hardware.workload import ConnectionWork, OpCounts, PopulationWork, WeightCensus, Workload

MCU = replace(profile("nrf51822_microbit"), formats=("dense", "bitmap"))
GENERIC = replace(profile("generic_45nm"), formats=("dense", "bitmap"))

# 4 analog inputs -> 8 neurons, all 32 weights non-zero, 8 bits
FIRST = ConnectionWork(
    name="fc1",
    source=INPUT,
    target=0,
    role="input",
    kind="fc",
    analog=True,
    weight_bits=8,
    census=WeightCensus(8, 4, 1, 32, (8, 8), (4, 4, 4), 32, (32,) * 7),
    inputs=4,
    ops=OpCounts(nonzero=32, dense=32, blocks=(32, 64), planes=32),
    spikes_in=4,
)
# 8 neurons -> 2 outputs, 4 of 16 weights non-zero, 4 bits: bitmap 2 B + values 2 B = 4 B, dense 8 B
LAST = ConnectionWork(
    name="readout",
    source=0,
    target=1,
    role="readout",
    kind="fc",
    analog=False,
    weight_bits=4,
    census=WeightCensus(2, 8, 1, 4, (4, 2), (1, 2, 2), 4, (4,) * 7),
    inputs=8,
    ops=OpCounts(nonzero=12, dense=20, blocks=(18, 19), planes=12),
    spikes_in=10,
)
HIDDEN = PopulationWork("fc1", "hidden", 8, (1, 1), 8, 10, "lif", "zero")
READOUT = PopulationWork("readout", "readout", 2, (1, 1), 2, 0, None, None)
NET = Workload(timesteps=5, input_bits=8, connections=(FIRST, LAST), populations=(HIDDEN, READOUT), inputs=4)
