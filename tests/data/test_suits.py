"""Samples held against what a trained network reads."""

import numpy as np
import pytest

from hwsearch.data.datasets import dataset_of
from hwsearch.data.encode.encoding import Encoding
from hwsearch.data.encode.requantise import Requantise
from hwsearch.data.encode.spikes import Delta, Rate
from hwsearch.data.encode.standardise import fit_standardise
from hwsearch.data.readers.arrays import samples_of
from hwsearch.data.suits import binned_as, unlike_input, unsuited
from hwsearch.graph.graph import Input
from hwsearch.study.data_section import NpzData

AS_IT_IS = Encoding((), 16)
READ = Input((1, 2, 2), 16, 5)


def samples(most=16, shape=(1, 2, 2), classes=3, names=None, dtype=np.uint8):
    n = 3 * classes
    x = np.arange(n * int(np.prod(shape))).reshape(n, *shape) % (most + 1)
    y = np.arange(n) % classes
    return samples_of(x.astype(dtype), y if names is None else np.array(names)[y])


def words(faults):
    return [f"{fault.law}; {fault.got}" for fault in faults]


def test_what_a_network_reads_suits_it():
    assert unsuited(samples(), AS_IT_IS, READ, 3) == []
    assert unsuited(samples(most=9), AS_IT_IS, READ, 3) == []


def test_all_faults_are_told_at_once():
    wrong = samples(most=40, shape=(1, 2, 3), classes=4)
    assert words(unsuited(wrong, AS_IT_IS, READ, 3)) == [
        "the data must have the 3 classes of the model; 4",
        "values must lie in 0 .. 16, as they did when the model was trained; 40",
        "a sample must have the shape of the model's inputs, (1, 2, 2) as it reads them; (1, 2, 3)",
    ]


def test_classes_have_the_names_that_they_had():
    named = samples(names=["low", "mid", "top"])
    assert unsuited(named, AS_IT_IS, READ, 3, ["low", "mid", "top"]) == []
    assert unsuited(samples(), AS_IT_IS, READ, 3, ["low", "mid", "top"]) == []  # numbers are in their order
    (fault,) = unsuited(named, AS_IT_IS, READ, 3, ["low", "mid", "high"])
    assert fault.law == "the classes must be those of the model (low, mid, high)"


def test_measured_values_need_an_encoder_that_takes_them():
    measured = samples(dtype=np.float32)
    measured_x = samples_of(measured.x.astype(np.float32) + 0.5, measured.y)
    (fault,) = unsuited(measured_x, AS_IT_IS, READ, 3)
    assert fault.law == "the model reads whole numbers"
    fitted = Encoding((fit_standardise(measured_x.x, "value", 3.0, 255),), 255)
    assert unsuited(measured_x, fitted, Input((1, 2, 2), 255, 8), 3) == []


@pytest.mark.parametrize(
    ("steps", "most"),
    [((Requantise(16, 3),), 16), ((Rate(4, 0, 16),), 16), ((Requantise(16, 3), Rate(4, 0, 3)), 16)],
)
def test_values_stay_in_the_range_of_the_first_step(steps, most):
    frames = 4 if isinstance(steps[-1], Rate) else None
    read = Input((1, 2, 2), 1 if frames else 3, 1 if frames else 2, frames)
    encoding = Encoding(steps, read.max)
    assert unsuited(samples(most), encoding, read, 3) == []
    (fault,) = unsuited(samples(most + 1), encoding, read, 3)
    assert fault.law == f"values must lie in 0 .. {most}, as they did when the model was trained"


def test_an_encoder_that_was_fitted_on_another_shape_says_so():
    fitted = Encoding((fit_standardise(np.zeros((4, 3, 2, 2), np.float32), "channel", 3.0, 255),), 255)
    (fault,) = unsuited(samples(), fitted, Input((3, 2, 2), 255, 8), 3)
    assert fault.got == "samples of shape (1, 2, 2)"
    stills = Encoding((Delta(1),), 1)
    assert unsuited(samples(), stills, Input((2, 2, 2), 1, 1, 5), 3)


def test_frames_become_timesteps_as_the_networks_do():
    x = np.random.default_rng(0).integers(0, 256, (60, 4, 1, 2, 2), dtype=np.uint8)
    x[0] = 255
    read = Input((1, 2, 2), 255, 8, 4, "mean")
    data = dataset_of(NpzData(npz="now.npz"), samples_of(x, np.arange(60) % 3), Encoding((), 255))
    assert [fault.got for fault in unlike_input(data, read)] == ["sum"]
    assert unlike_input(binned_as(data, read), read) == []
