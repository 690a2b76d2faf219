"""The export that a training goes on from."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

import hwsearch
from hwsearch.errors import InputError, RecordError
from hwsearch.export.weights import packing_of, read_weights
from hwsearch.hardware.profiles.load import load_profile
from hwsearch.network.store import network_digest
from hwsearch.results.parent import parent_of


@pytest.fixture(scope="module")
def model(finished, tmp_path_factory):
    return hwsearch.load_run(finished).export(to=tmp_path_factory.mktemp("exports") / "model")


def test_it_is_what_the_export_holds(model, finished, tmp_path):
    parent = parent_of(model)
    network, _ = read_weights(model / "weights.safetensors")
    assert network_digest(parent.network) == network_digest(network)
    assert (parent.formats, parent.pointer_bits) == packing_of(model / "weights.safetensors")
    assert parent.kinds[:2] == ("config", "weights")
    library = hwsearch.load_run(finished).export(to=tmp_path / "model", formats=["config", "weights", "c"])
    assert parent_of(library).kinds == ("config", "weights", "c")


def test_its_widths_are_no_wider_than_its_librarys(model):
    parent = parent_of(model)
    assert (parent.widths.bias, parent.widths.threshold) == (16, 16)
    network = parent.network
    last = replace(network.populations[-1], bias=np.full_like(network.populations[-1].bias, 2**15))
    wide = replace(parent, network=replace(network, populations=(*network.populations[:-1], last)))
    offered = (parent.profile.bias_bits, parent.profile.threshold_bits)
    assert (wide.widths.bias, wide.widths.threshold) == offered


@pytest.mark.parametrize(
    ("name", "law"),
    [("weights.safetensors", "weights.safetensors: .* differs"), ("config.yaml", "config.yaml")],
)
def test_a_damaged_parent_is_refused(model, tmp_path, name, law):
    damaged = shutil.copytree(model, tmp_path / "model")
    data = bytearray((damaged / name).read_bytes())
    data[len(data) // 2] ^= 1
    (damaged / name).write_bytes(data)
    with pytest.raises(RecordError, match=law):
        parent_of(damaged)


def test_an_export_without_config_or_of_another_device_is_refused(finished, model, tmp_path):
    run = hwsearch.load_run(finished)
    alone = run.export(to=tmp_path / "alone", formats=["weights"])
    with pytest.raises(RecordError, match=r"there is no config.yaml"):
        parent_of(alone)
    profile = tmp_path / "other.yaml"
    text = load_profile("nrf52840").path.read_text()
    profile.write_text(text)
    with pytest.raises(InputError, match="--profile: the device must be the one"):
        parent_of(model, profile)
