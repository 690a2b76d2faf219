"""How long a candidate takes to price and to hold against its device's rules; one core, no torch.

    OMP_NUM_THREADS=1 python -m benchmarks.pricing

Networks of 10 layers with random sparsities and bits, on one device of each formula; milliseconds of CPU time a
candidate. "New": its layers were never seen, so each storage format is sized; "again": the sizes of its layers are
cached, as for a candidate that shares its layers with one before.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from builders.devices import IDS, mlp, profile, with_bits

from hwsearch.hardware.cost_model import price
from hwsearch.hardware.device import HardwareProfile
from hwsearch.hardware.rules.check import violations
from hwsearch.hardware.workload import Workload

SIZES = [64, 128, 128, 96, 96, 64, 64, 48, 32, 32, 10]
N_CANDIDATES = 40


def main() -> None:
    """Print a Markdown table."""
    print("| family | device | price, new | price, again | rules |\n|---|---|---|---|---|")
    for seed, device in enumerate(one_device_a_formula()):
        workloads = candidates(seed)
        held_to_rules(workloads[0], device)  # some families' rules import scipy
        new, again = (milliseconds(lambda work, d=device: price(work, d), workloads) for _ in range(2))
        rules = milliseconds(lambda work, d=device: held_to_rules(work, d), workloads) - again
        print(f"| {device.family} | {device.id} | {new:.2f} | {again:.2f} | {rules:.2f} |")
    print(f"torch loaded: {'torch' in sys.modules}")


def candidates(seed: int) -> list[Workload]:
    """Return networks of one architecture that no other seed has."""
    rng = np.random.default_rng(seed)
    networks = (
        mlp(SIZES, float(rng.uniform(0.02, 1)), seed=N_CANDIDATES * seed + index, analog=True)
        for index in range(N_CANDIDATES)
    )
    return [with_bits(network, int(rng.choice([1, 2, 4, 8]))) for network in networks]


def one_device_a_formula() -> list[HardwareProfile]:
    """Return the first shipped device of each formula, and of each layout of a many-core chip."""
    devices: dict[tuple[str, str], HardwareProfile] = {}
    for device in map(profile, IDS):
        formula = type(device.model).__name__ if device.model else device.family
        devices.setdefault((formula, getattr(device.model, "layout", "")), device)
    return list(devices.values())


def held_to_rules(workload: Workload, device: HardwareProfile) -> None:
    """Price a workload and hold it to the device's rules."""
    violations(workload, device, neuron_model="lif", reset="zero")


def milliseconds(call: Callable[[Workload], object], workloads: list[Workload]) -> float:
    """Return the CPU time of a call, a workload."""
    start = time.process_time()
    for workload in workloads:
        call(workload)
    return (time.process_time() - start) * 1e3 / len(workloads)


if __name__ == "__main__":
    main()
