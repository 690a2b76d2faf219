"""What is proposed for samples and a device: valid, mapped, and of a size that takes minutes."""

import numpy as np
import pytest

from hwsearch.data.samples import Samples
from hwsearch.graph.graph import Input
from hwsearch.hardware.profiles.load import list_profiles, load_profile
from hwsearch.plan.proposal import Sample, layers_for, objectives, proposed
from hwsearch.study.said import said_study

IMAGES = Sample(1800, Input((1, 8, 8), 16, 5), 10)
PHOTOS = Sample(70_000, Input((1, 28, 28), 255, 8), 10)
WINDOWS = Sample(600, Input((4, 1, 1), 255, 8, 64, "mean"), 3)
ROWS = Sample(300, Input((6, 1, 1), 255, 8), 2)
STILLS = Sample(600, Input((8, 1, 60), 255, 8), 3)
ALL = {"images": IMAGES, "photos": PHOTOS, "windows": WINDOWS, "rows": ROWS, "stills": STILLS}


@pytest.mark.parametrize("profile", [ident for ident, _, _ in list_profiles()])
def test_what_is_proposed_is_a_study_on_every_device(profile):
    device = load_profile(profile)
    for sample in ALL.values():
        content = {
            "name": "first", "data": {"name": "digits"}, "device": {"profile": profile},
            "objectives": objectives(device), **proposed(sample, device),
        }  # fmt: skip
        study = said_study(content, {})
        assert set(study.space.granularity) <= set(device.granularities)
        assert set(study.space.weight_bits) <= set(device.weight_bits)
        assert study.network.neuron in device.neuron_models
        assert study.network.reset in device.resets
        assert all(device.tells(name) for name in study.objectives if name in ("energy_j", "latency_s"))


@pytest.mark.parametrize(
    ("sample", "layers"),
    [
        ("images", "fc64-fc64"),
        ("photos", "8c3s2-16c3-p2-fc64"),
        ("windows", "r32-fc16"),
        ("rows", "fc32-fc32"),
        ("stills", "16c1x5-p1x2-16c1x5-p1x2-fc32"),
    ],
)
def test_the_network_follows_the_shape_of_a_sample(sample, layers):
    assert layers_for(ALL[sample], load_profile("nrf52840")) == layers


def test_what_a_device_cannot_connect_is_not_proposed():
    loihi2 = load_profile("loihi2")  # neither strides, nor rectangles, nor recurrence are known of it
    assert [layers_for(ALL[name], loihi2) for name in ("photos", "stills", "windows")] == [
        "8c3-p2-16c3-p2-fc64",
        "fc128-fc128",
        "fc32-fc32",
    ]


def test_much_data_takes_few_epochs_and_little_data_many():
    device = load_profile("nrf52840")
    epochs = [proposed(sample, device)["train"]["dense_epochs"] for sample in (ROWS, IMAGES, PHOTOS)]
    assert epochs == sorted(epochs, reverse=True)
    assert epochs[0] == 50  # 180 samples: 6 steps an epoch
    assert epochs[-1] == 4


def test_sequences_are_shown_in_no_more_bins_than_they_have_frames():
    device = load_profile("nrf52840")
    for frames, timesteps in ((64, [8, 16]), (12, [8, 12]), (5, [5])):
        sample = Sample(600, Input((4, 1, 1), 255, 8, frames, "mean"), 3)
        assert proposed(sample, device)["space"]["timesteps"] == timesteps


def test_a_network_that_is_given_stays_and_one_that_does_not_fit_is_left_to_the_plan():
    device = load_profile("nrf52840")
    assert proposed(ROWS, device, "fc8")["network"]["layers"] == "fc8"
    assert proposed(ROWS, device, "16c3-p9-fc8")["network"]["layers"] == "16c3-p9-fc8"


def test_samples_say_their_input():
    x = np.zeros((5, 7, 4, 1, 1), np.float32)
    sample = Sample.of(Samples(x, np.zeros((5, 7), np.int64), None, 3, binning="mean"))
    assert sample == Sample(5, Input((4, 1, 1), 255, 8, 7, "mean"), 3, step_labels=True)
    assert proposed(sample, load_profile("nrf52840"))["network"]["readout"] == {"labels": "step"}
    still = Samples(np.zeros((5, 1, 8, 8), np.uint8), np.zeros(5, np.int64), 16, 3)
    assert Sample.of(still).input == Input((1, 8, 8), 16, 5, None, "sum")
