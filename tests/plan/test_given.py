"""A study's NIR file: the dense network is its, with what its leaks lost; what does not go with the data is refused."""

from dataclasses import replace
from types import SimpleNamespace

import nir
import numpy as np
import pytest
from builders.nir_graphs import chain, fc, lif
from builders.studies import SHORT, load

from hwsearch.errors import InputError
from hwsearch.graph.graph import Input
from hwsearch.plan.given import given_network

RNG = np.random.default_rng(0)


def data(classes=3, frames=None, labels_each_frame=False):
    shape = (40, 1, 2, 4) if frames is None else (40, frames, 1, 2, 4)
    return SimpleNamespace(
        name="drawn", input=Input((1, 2, 4), 16, 5, frames), classes=classes, frames=frames,
        labels_each_frame=labels_each_frame, x_val=RNG.integers(0, 17, shape).astype(np.uint8),
    )  # fmt: skip


def study(tmp_path, leak=0.5, timesteps=(4,), **keys):
    graph = chain(fc(6, 8), lif(6, leak, threshold=0.25), fc(3, 6), shape=[8], classes=3)
    nir.write(tmp_path / "net.nir", graph)
    content = {key: value for key, value in SHORT.items() if key != "network"}
    content |= {"network": {"nir": {"file": "net.nir", **keys}}}
    content["space"] = content["space"] | {"timesteps": list(timesteps)}
    return load(tmp_path, content)


def faults(tmp_path, asked, samples):
    with pytest.raises(InputError) as caught:
        given_network(asked, samples, tmp_path / "study.yaml")
    return [(fault.where, fault.law) for fault in caught.value.faults]


def test_the_network_is_the_files(tmp_path):
    asked = study(tmp_path, fine_tune=False)
    spec, given = given_network(asked, data(), tmp_path / "study.yaml")
    assert [(p.name, p.channels) for p in spec.populations] == [("fc1", 6), ("readout", 3)]
    assert spec.laws[0].leak_shift == 1
    # the threshold of 0.25 and the gain of 1 stand in the weights
    np.testing.assert_allclose(given.params.weights[0], fc(6, 8).weight / 0.25, rtol=1e-6)
    assert not given.fine_tune
    assert given.path == tmp_path / "net.nir"
    assert "taken as it is" in given.notes[0]


def test_what_a_shift_takes_is_told_in_predictions(tmp_path):
    exact = given_network(study(tmp_path), data(), tmp_path / "study.yaml")[1].notes
    assert not any("of predictions change" in note for note in exact)
    notes = given_network(study(tmp_path, leak=0.4), data(), tmp_path / "study.yaml")[1].notes
    (snapped,) = [note for note in notes if note.startswith("NIR: fc1 ")]
    assert "leak 0.4 a timestep became 2**-1, off by 20.0% at most" in snapped
    assert "of predictions change by it" in snapped


def test_the_content_names_the_network_and_not_its_place(tmp_path):
    asked = study(tmp_path)
    first = given_network(asked, data(), tmp_path / "study.yaml")[1].digest
    (tmp_path / "net.nir").rename(tmp_path / "other.nir")
    moved = asked.network.nir.model_copy(update={"file": "other.nir"})
    other = asked.model_copy(update={"network": asked.network.model_copy(update={"nir": moved})})
    assert given_network(other, data(), tmp_path / "study.yaml")[1].digest == first
    assert other.digest == asked.digest
    assert given_network(study(tmp_path, leak=0.25), data(), tmp_path / "study.yaml")[1].digest != first


def test_what_does_not_go_with_the_data_is_refused(tmp_path):
    asked = study(tmp_path, timesteps=(4, 8))
    assert faults(tmp_path, asked, data(classes=4, frames=6)) == [
        ("network.nir", "the network must have an output for each of the 4 classes of drawn"),
        ("space.timesteps", "timesteps may be 6 at most, the frames of a sample of drawn"),
    ]
    (tmp_path / "net.nir").unlink()
    assert faults(tmp_path, asked, data()) == [("network.nir", "a NIR file must exist")]


def test_labels_are_the_datas(tmp_path):
    asked = study(tmp_path)
    spec, _ = given_network(asked, data(frames=6, labels_each_frame=True), tmp_path / "study.yaml")
    assert spec.readout == replace(spec.readout, labels="step")
