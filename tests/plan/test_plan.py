"""What the plan refuses: each fault at the line of the key that it names, all at once."""

from pathlib import Path

import numpy as np
import pytest

from hwsearch.data.readers.shipped import LOADERS
from hwsearch.data.samples import Samples
from hwsearch.errors import InputError
from hwsearch.graph.graph import Input, Readout
from hwsearch.plan.bounds import cheapest
from hwsearch.plan.plan import make_plan
from hwsearch.study.model import load_study

TEXT = """\
name: a
data:
  name: digits
  train_size: 400
network:
  layers: fc24
  neuron: lif
  reset: zero
space:
  sparsity: [0.5]
  granularity: [weight]
  weight_bits: [4]
  timesteps: [2]
device:
  profile: PROFILE
  budgets:
    memory_bytes: 3000
objectives:
  - error
  - memory_bytes
search: {candidates: 4}
"""


def faults(path, *changes, profile="nrf51822_microbit"):
    """The faults of the study with lines changed, as (key, line, text)."""
    text = TEXT.replace("PROFILE", profile)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        make_plan(load_study(path), path)
    assert all(fault.path == path for fault in refused.value.faults)
    return [(fault.where, fault.line, str(fault)) for fault in refused.value.faults]


@pytest.mark.parametrize(
    ("old", "new", "where", "line", "words"),
    [
        ("name: digits", "name: mnits", "data.name", 3, "did you mean 'mnist'"),
        ("train_size: 400", "train_size: 4000", "data.train_size", 4, "train_size may be 1438 at most"),
        ("train_size: 400", "train_size: 15", "data", 2, "samples of every class"),
        ("name: digits\n", "name: mnist\n", "data.root", 2, "a folder that holds mnist/ must be named"),
        ("digits\n", "mnist\n  root: /dev\n", "data.root", 4, "the folder of data sets must hold mnist/"),
        (
            "layers: fc24",
            "layers: 4c3-p4-4c3-p4",
            "network.layers",
            6,
            "pooling by 4 x 4 leaves nothing of a map",
        ),
        ("nrf51822_microbit", "nrf5182", "device.profile", 15, "did you mean 'nrf51822_microbit'"),
        (
            "nrf51822_microbit",
            "none.yaml",
            "device.profile",
            15,
            "a hardware profile must exist; got no file",
        ),
        (
            "memory_bytes: 3000",
            "sram_bytes: 3000",
            "device.budgets.sram_bytes",
            17,
            "did you mean 'ram_bytes'",
        ),
    ],
)
def test_each_fault_stands_at_its_key(tmp_path, monkeypatch, old, new, where, line, words):
    monkeypatch.delenv("HWSEARCH_DATA", raising=False)
    ((found_where, found_line, text),) = faults(tmp_path / "s.yaml", (old, new))
    assert (found_where, found_line) == (where, line)
    assert text.startswith(f"{tmp_path / 's.yaml'}:{line}: {where}: ")
    assert words in text


def test_what_the_device_does_not_have_or_tell_stands_at_its_key(tmp_path):
    found = faults(
        tmp_path / "s.yaml",
        ("weight_bits: [4]", "weight_bits: [1, 2]"),
        ("granularity: [weight]", 'granularity: ["nm:16"]'),
        ("train_size: 400", "train_size: 4000"),
        profile="xylo_imu",
    )
    assert [(where, line) for where, line, _ in found] == [
        ("data.train_size", 4),
        ("network.reset", 8),
        ("space.granularity", 11),
        ("space.weight_bits", 12),
    ]


def test_what_the_device_cannot_tell_stands_at_its_key(tmp_path):
    changes = [("memory_bytes: 3000", "latency_s: 1.0"), ("- memory_bytes", "- latency_s")]
    found = faults(tmp_path / "s.yaml", *changes, profile="generic_45nm")
    assert [(where, line) for where, line, _ in found] == [
        ("device.budgets.latency_s", 17),
        ("objectives.1", 20),
    ]


def test_formats_are_chosen_by_instructions_on_microcontrollers_alone(tmp_path):
    ((where, _, text),) = faults(
        tmp_path / "s.yaml", ("  budgets:", "  storage: fastest\n  budgets:"), profile="generic_45nm"
    )
    assert where == "device.storage"
    assert "generic_45nm is none" in text


def test_a_plan_stores_networks_as_its_study_says(tmp_path):
    path = tmp_path / "s.yaml"
    text = TEXT.replace("PROFILE", "nrf51822_microbit")
    path.write_text(text.replace("  budgets:", "  storage: both\n  budgets:"))
    both = make_plan(load_study(path), path)
    assert (both.profile.storage, both.profile.storage_budgets) == ("both", (("memory_bytes", 3000.0),))
    path.write_text(text)
    plain = make_plan(load_study(path), path)
    assert plain.profile.storage == "smallest"
    assert plain.digest != both.digest


def test_code_and_instructions_are_priced_where_a_core_is_known(tmp_path):
    changed = ("  budgets:", "  firmware: priced\n  budgets:")
    ((where, _, text),) = faults(tmp_path / "s.yaml", changed, profile="generic_45nm")
    assert where == "device.firmware"
    assert "generic_45nm names none" in text


def test_a_plan_prices_code_and_instructions_as_its_study_says(tmp_path):
    path = tmp_path / "s.yaml"
    text = TEXT.replace("PROFILE", "nrf51822_microbit")
    path.write_text(text)
    plain = make_plan(load_study(path), path)
    path.write_text(text.replace("  budgets:", "  firmware: priced\n  budgets:"))
    priced = make_plan(load_study(path), path)
    assert plain.profile.priced_core is None
    assert priced.profile.priced_core == plain.profile.firmware.core
    assert priced.profile.labels["latency_s"] == "emulated"
    assert plain.digest != priced.digest


def test_an_option_that_was_put_over_a_key_is_named_instead(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(TEXT.replace("PROFILE", "nrf51822_microbit").replace("digits", "mnist"))
    study = load_study(path)
    study = study.model_copy(update={"data": study.data.model_copy(update={"root": str(Path("/dev"))})})
    with pytest.raises(InputError) as refused:
        make_plan(study, path, ["--data-root"])
    (fault,) = refused.value.faults
    assert (fault.where, fault.path) == ("--data-root", None)


def sequences(monkeypatch, *, labels_each_frame=False):
    """Let the data set ``digits`` be 40 sequences of 3 frames of 2 classes."""
    y = np.arange(40) % 2
    x = np.unpackbits(np.arange(40, dtype=np.uint8)[:, None], axis=1)
    samples = Samples(
        np.pad(x, ((0, 0), (0, 4))).reshape(40, 3, 1, 2, 2),
        np.stack([y] * 3, 1) if labels_each_frame else y,
        1,
        2,
    )
    monkeypatch.setitem(LOADERS, "digits", lambda root, data: samples)


def test_a_plan_of_sequences(tmp_path, monkeypatch):
    sequences(monkeypatch, labels_each_frame=True)
    path = tmp_path / "s.yaml"
    text = TEXT.replace("PROFILE", "nrf51822_microbit").replace("  train_size: 400\n", "")
    path.write_text(
        text.replace("  reset: zero\n", "  reset: zero\n  readout: {labels: step, leak_shift: 2}\n")
    )
    plan = make_plan(load_study(path), path)
    assert plan.spec.input == Input((1, 2, 2), 1, 1, 3, "sum")
    assert plan.spec.readout == Readout(leak_shift=2, labels="step")
    assert plan.largest_class_share == 0.5


def test_what_needs_other_frames_or_labels_stands_at_its_key(tmp_path, monkeypatch):
    small = ("  train_size: 400\n", "")
    sequences(monkeypatch)
    found = faults(
        tmp_path / "s.yaml", small, ("timesteps: [2]", "timesteps: [2, 4]"),
        ("  reset: zero\n", "  reset: zero\n  readout: {labels: step}\n"),
    )  # fmt: skip
    assert [(where, line) for where, line, _ in found] == [
        ("network.readout.labels", 8),
        ("space.timesteps", 13),
    ]
    assert "one a sample; got step (set labels: sample)" in found[0][2]
    assert "timesteps may be 3 at most, the frames of a sample of digits; got 4" in found[1][2]
    sequences(monkeypatch, labels_each_frame=True)
    ((where, _, text),) = faults(tmp_path / "s.yaml", small)
    assert where == "network.readout.labels"
    assert "one a frame; got sample (set labels: step)" in text


def test_a_plan_of_one_of_several_networks(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(
        TEXT.replace("fc24", "[fc24, 4c3-p2-fc8]").replace("PROFILE", "nrf51822_microbit")
        .replace("[weight]", "[kernel, weight]").replace("timesteps: [2]", "timesteps: [2]\n  state_bits: [8, 16]")
    )  # fmt: skip
    plan = make_plan(load_study(path), path)
    assert plan.names == ("fc24", "4c3-p2-fc8")
    with pytest.raises(ValueError, match="too many values"):
        _ = plan.spec
    first, second = plan.at(0), plan.at(1)
    assert (first.number, second.number) == (0, 1)
    assert (first.space.granularity, second.space.granularity) == (("weight",), ("kernel", "weight"))
    assert second.spec is plan.networks[1]
    assert second.at(0) is second
    assert first.digest == plan.digest
    # each network with each granularity that prunes something of it, at the narrowest membranes
    corners = {(c.candidate.network, c.candidate.granularity, c.candidate.state_bits) for c in cheapest(plan)}
    assert corners == {(0, "weight", 8), (1, "kernel", 8), (1, "weight", 8)}


def test_what_a_study_does_not_turn_is_in_no_digest(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(TEXT.replace("PROFILE", "nrf51822_microbit"))
    study = load_study(path)
    assert study.digest == "cfd4454fdad29185"  # as before there were lists and widths
    listed = study.model_validate(study.model_dump() | {"network": {"layers": ["fc24"]}})
    assert listed.digest == study.digest


def test_a_changed_file_of_one_s_own_is_another_plan(tmp_path):
    study = tmp_path / "study.yaml"
    study.write_text(
        TEXT.replace("  name: digits\n  train_size: 400\n", "  npz: w.npz\n")
        .replace("PROFILE", "nrf51822_microbit")
        .replace("memory_bytes: 3000", "memory_bytes: 16384")
    )
    x, y = np.random.default_rng(0).normal(size=(60, 4)), np.tile([0, 1], 30)
    digests = []
    for value in (0.0, 0.0, 9.0):
        x[0, 0] = value
        np.savez(tmp_path / "w.npz", x=x, y=y)
        digests.append(make_plan(load_study(study), study).digest)
    assert digests[0] == digests[1] != digests[2]
