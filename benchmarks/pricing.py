"""How many candidates a second are priced on one core, for a 10-layer network; no torch.

    OMP_NUM_THREADS=1 python benchmarks/pricing.py

Prints, for one device of each family, the figure by arrays and the one of `price` one by one; and whether torch was
loaded. Counts are arrays already in the first, as a caller that varies bits and steps has them: turning workloads into
arrays is a row of its own.
"""

import sys
import time
from dataclasses import fields, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from builders.devices import IDS, mlp, profile, with_bits

from hwsearch.hardware.batch import price_batch
from hwsearch.hardware.batch_counts import batch_of
from hwsearch.hardware.cost_model import price

SIZES = [64, 128, 128, 96, 96, 64, 64, 48, 32, 32, 10]
SAMPLES, COPIES = 40, 500


def main() -> None:
    rng = np.random.default_rng(0)
    work = [
        with_bits(
            mlp(SIZES, float(rng.uniform(0.02, 1)), seed=seed, analog=True), int(rng.choice([1, 2, 4, 8]))
        )
        for seed in range(SAMPLES)
    ]
    few = batch_of(work)
    taken = min(timed(lambda: batch_of(work * 5)) for _ in range(5))
    print(f"counts to arrays: {5 * SAMPLES / taken:,.0f} candidates/s")
    repeated = {}
    for field in fields(few):
        value = getattr(few, field.name)
        per_candidate = isinstance(value, np.ndarray) and len(value) == SAMPLES
        repeated[field.name] = np.repeat(value, COPIES, axis=0) if per_candidate else value
    batch = replace(few, **repeated)
    taken = timed(lambda: batch.rows)
    print(
        f"rows of weights to arrays, which lists of synapses need: {SAMPLES * COPIES / taken:,.0f} candidates/s"
    )
    n = SAMPLES * COPIES
    print("| family | device | by arrays, candidates/s | one by one |\n|---|---|---|---|")
    for device in one_of_each_family():
        best = min(timed(lambda device=device: price_batch(batch, device)) for _ in range(3))
        alone = timed(lambda device=device: [price(one, device) for one in work])
        print(f"| {device.family} | {device.id} | {n / best:,.0f} | {SAMPLES / alone:,.0f} |")
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
