"""RAM of a microcontroller holds the sums that its cycles load and store."""

import csv
import json

import numpy as np

from hwsearch.export.weights import read_weights
from hwsearch.hardware.profiles.load import load_profile


def ram_by_hand(network, *, accumulators=True):
    """Return the RAM of a network on a device of 16-bit membranes, 32-bit sums and inputs of at most 8 bits."""
    *spiking, readout = [population.shape.neurons for population in network.populations]
    inputs, kept = int(np.prod(network.input.shape)), 4 * spiking[0]
    states = sum(-(-neurons // 8) + 2 * neurons for neurons in spiking) + 4 * readout
    sums = 4 * max(spiking[1:], default=0) if accumulators else 0
    return inputs + kept + states + sums


def test_the_ram_of_a_run_holds_the_sums_of_its_hidden_layers(case):
    case.study(
        network="{layers: fc32-fc48, batch_norm: true}",
        space="{sparsity: [0.5], granularity: [weight], weight_bits: [4], timesteps: [4]}",
        search="{candidates: 1, batch: 1, rungs: false, foresee: false}",
        device="{profile: nrf51822_microbit, budgets: {}}",
    )
    done = case.hwsearch("run", "s.yaml", "--out", "run", "--workers", 1)
    assert done.returncode == 0, done.stderr
    assert case.hwsearch("export", "run", "--to", "model").returncode == 0
    network, _ = read_weights(case.folder / "model" / "weights.safetensors")
    picked = json.loads((case.folder / "run" / "summary.json").read_text())["pick"]
    assert network.populations[1].shape.neurons == 48
    assert picked["ram_bytes"] == ram_by_hand(network)
    assert picked["ram_bytes"] - ram_by_hand(network, accumulators=False) == 4 * 48
    # what is predicted before training is an upper bound, of the sums too
    with (case.folder / "run" / "trials.csv").open() as file:
        (trial,) = csv.DictReader(file)
    assert float(trial["memory_bytes_predicted"]) >= float(trial["memory_bytes"])


def test_the_ram_bank_of_a_microbit_is_what_its_sources_say():
    words = {place: quantity.conditions for place, quantity in load_profile("nrf51822_microbit").quantities}
    assert "STR accumulator" in words["timing.cycles.synop"]
    assert words["state.accumulator_bits"] == "in RAM"
