"""How many candidates a second are priced on one core, for a 10-layer network; no torch.

    OMP_NUM_THREADS=1 python tests/bench/pricing.py

Prints the figure for each device, the one of `price` alone, and whether torch was loaded.
"""

import sys
import time
from dataclasses import fields, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "hardware"))
from device_networks import mlp, profile, with_bits

from hwsearch.hardware.batch import batch_of, price_batch
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
    start = time.perf_counter()
    few = batch_of(work)
    print(f"counts to arrays: {SAMPLES / (time.perf_counter() - start):,.0f} candidates/s")
    repeated = {}
    for field in fields(few):
        value = getattr(few, field.name)
        own = isinstance(value, np.ndarray) and field.name not in ("analog", "spiking")
        repeated[field.name] = np.repeat(value, COPIES, axis=0) if own else value
    batch = replace(few, **repeated)
    n = SAMPLES * COPIES
    for ident in ("generic_45nm", "nrf51822_microbit"):
        device = profile(ident)
        best = min(timed(lambda device=device: price_batch(batch, device)) for _ in range(3))
        alone = timed(lambda device=device: [price(one, device) for one in work])
        print(f"{ident}: {n / best:,.0f} candidates/s by arrays, {SAMPLES / alone:,.0f} one by one")
    print(f"torch loaded: {'torch' in sys.modules}")


def timed(call) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


if __name__ == "__main__":
    main()
