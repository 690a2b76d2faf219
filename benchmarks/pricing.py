"""How many candidates a second are priced on one core, for a 10-layer network; no torch.

    OMP_NUM_THREADS=1 python -m benchmarks.pricing

Prints the figure of `price` for one device of each family, and whether torch was loaded.
"""

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from builders.devices import IDS, mlp, profile, with_bits

from hwsearch.hardware.cost_model import price

SIZES = [64, 128, 128, 96, 96, 64, 64, 48, 32, 32, 10]
SAMPLES = 40


def main() -> None:
    rng = np.random.default_rng(0)
    work = [
        with_bits(
            mlp(SIZES, float(rng.uniform(0.02, 1)), seed=seed, analog=True), int(rng.choice([1, 2, 4, 8]))
        )
        for seed in range(SAMPLES)
    ]
    print("| family | device | candidates a second |\n|---|---|---|")
    for device in one_of_each_family():
        taken = timed(lambda device=device: [price(workload, device) for workload in work])
        print(f"| {device.family} | {device.id} | {SAMPLES / taken:,.0f} |")
    print(f"torch loaded: {'torch' in sys.modules}")


def one_of_each_family():
    """Return a device for each formula, and for each layout of a many-core chip."""
    found = {}
    for device in map(profile, IDS):
        formula = type(device.model).__name__ if device.model else device.family
        found.setdefault((formula, getattr(device.model, "layout", "")), device)
    return found.values()


def timed(call) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


if __name__ == "__main__":
    main()
