"""How long it takes to price a candidate and to hold it to a device's rules, for a 10-layer network; no torch.

    OMP_NUM_THREADS=1 python -m benchmarks.pricing

Each candidate is new: its masks and bits were not seen before, so that no stored size is remembered. One device of each
family, and of each layout of a many-core chip.
"""

import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from builders.devices import IDS, mlp, profile, with_bits

from hwsearch.hardware.cost_model import price
from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.rules.check import violations
from hwsearch.hardware.workload import Workload

SIZES = [64, 128, 128, 96, 96, 64, 64, 48, 32, 32, 10]
CANDIDATES = 100


def main() -> None:
    seeds = count()
    print("| family | device | price, ms a candidate | price and rules |\n|---|---|---|---|")
    for device in device_of_each_family():
        check(mlp(SIZES), device)  # what is imported on first use is no part of a candidate's time
        priced = milliseconds(candidates(seeds), lambda network, device=device: price(network, device))
        ruled = milliseconds(candidates(seeds), lambda network, device=device: check(network, device))
        print(f"| {device.family} | {device.id} | {priced:.2f} | {ruled:.2f} |")
    print(f"torch loaded: {'torch' in sys.modules}")


def candidates(seeds: Iterator[int]) -> list[Workload]:
    """Return networks with masks and bits that no earlier call gave."""
    rng = np.random.default_rng(next(seeds))
    return [
        with_bits(
            mlp(SIZES, float(rng.uniform(0.02, 1)), seed=next(seeds), analog=True),
            int(rng.choice([1, 2, 4, 8])),
        )
        for _ in range(CANDIDATES)
    ]


def check(network: Workload, device: HardwareProfile) -> None:
    cost = price(network, device)
    violations(network, device, neuron_model="lif", reset="zero", cost=cost)


def device_of_each_family() -> list[HardwareProfile]:
    """Return a device for each formula, and for each layout of a many-core chip."""
    found = {}
    for device in map(profile, IDS):
        formula = type(device.model).__name__ if device.model else device.family
        found.setdefault((formula, getattr(device.model, "layout", "")), device)
    return list(found.values())


def milliseconds(networks: list[Workload], call) -> float:
    """Return the time of a call for each network, in milliseconds of this process."""
    start = time.process_time()
    for network in networks:
        call(network)
    return 1e3 * (time.process_time() - start) / len(networks)


if __name__ == "__main__":
    main()
