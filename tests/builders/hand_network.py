"""A network of two layers that is small enough to price by hand, and the two plainest devices to price it on."""

from dataclasses import replace

from builders.devices import profile
from hwsearch.hardware.workload import LayerWork, OpCounts, WeightCensus, Workload

MCU = replace(profile("nrf51822_microbit"), formats=("dense", "bitmap"))
GENERIC = replace(profile("generic_45nm"), formats=("dense", "bitmap"))

# 4 analog inputs -> 8 neurons, all 32 weights non-zero, 8 bits
FIRST = LayerWork(
    name="fc1",
    role="input",
    kind="fc",
    analog=True,
    weight_bits=8,
    census=WeightCensus(8, 4, 1, 32, (8, 8), (4, 4, 4), 32, (32,) * 7),
    neurons=8,
    inputs=4,
    ops=OpCounts(nonzero=32, dense=32, blocks=(32, 64), planes=32),
    spikes_in=4,
    spikes_out=10,
)
# 8 neurons -> 2 outputs, 4 of 16 weights non-zero, 4 bits: bitmap 2 B + values 2 B = 4 B, dense 8 B
LAST = LayerWork(
    name="readout",
    role="readout",
    kind="fc",
    analog=False,
    weight_bits=4,
    census=WeightCensus(2, 8, 1, 4, (4, 2), (1, 2, 2), 4, (4,) * 7),
    neurons=2,
    inputs=8,
    ops=OpCounts(nonzero=12, dense=20, blocks=(18, 19), planes=12),
    spikes_in=10,
    spikes_out=0,
)
NET = Workload(timesteps=5, input_bits=8, layers=(FIRST, LAST))
