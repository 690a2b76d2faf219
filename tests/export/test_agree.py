"""Files of two models never pass for one export, whatever the manifest says."""

import pytest
from builders.exports import FORMATS_OF_LAYERS, config_of, model, network, put

from hwsearch.errors import RecordError
from hwsearch.export.agree import config_identity, other_models, read_config, structure_of
from hwsearch.export.bundle import verify, write_export


@pytest.fixture
def two(tmp_path):
    return write_export(model(3), tmp_path / "a"), write_export(model(4, weight=5), tmp_path / "b")


def failed(folder):
    return {check.name: check.detail for check in verify(folder) if not check.passed}


@pytest.mark.parametrize("name", ["config.yaml", "weights.safetensors", "check.safetensors"])
def test_files_of_two_models_are_told_apart(two, name):
    first, second = two
    put(first, name, (second / name).read_bytes())
    assert name not in failed(first)
    assert f"trial 4 in {name}, 3 in the manifest" in failed(first)["one model"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("weight_bits: ", "weight_bits: 1"),
        ("format: ", "format: x"),
        ("timesteps: ", "timesteps: 1"),
        ("packed_bytes: ", "packed_bytes: 1"),
        ("name: readout", "name: other"),
        ("from: fc1", "from: input"),
        ("delay: ", "delay: 1"),
        ("leak_shift: ", "leak_shift: 1"),
        ("frames: ", "frames: 4"),
        ("labels: ", "labels: x"),
    ],
)
def test_a_config_that_says_otherwise_than_the_weights_is_found(two, old, new):
    folder, _ = two
    text = (folder / "config.yaml").read_text()
    assert old in text
    put(folder, "config.yaml", text.replace(old, new).encode())
    assert set(failed(folder)) == {"config and weights"}


def test_a_file_of_another_export_that_no_manifest_lists_is_found(two):
    first, second = two
    write_export(model(4, weight=5), second, ["weights"])
    (second / "config.yaml").write_bytes((first / "config.yaml").read_bytes())
    assert failed(second) == {"one model": "config.yaml is not listed"}


def test_each_part_that_differs_is_said():
    said = dict.fromkeys(
        ("trial", "candidate", "seed", "study_digest", "profile_digest", "network_digest"), "a"
    )
    assert other_models(said, {"x": said}) == []
    assert other_models(said, {"x": said | {"seed": "b"}}) == ["seed b in x, a in the manifest"]
    assert len(other_models(said, {"x": None})) == len(said)


def test_a_config_names_its_candidate_by_digest(two):
    assert config_identity(config_of(two[0]))["candidate"] == f"{3:016x}"
    assert "candidate" not in config_identity({"trial": 3, "candidate": "text"})


def test_the_structure_is_described_by_hand():
    described = structure_of(network(), FORMATS_OF_LAYERS)
    assert described == {
        "input": {"shape": [1, 1, 2], "max": 10, "bits": 4, "frames": None, "binning": "sum"},
        "populations": [
            {"name": "fc1", "channels": 2, "size": [1, 1], "law": {"leak_shift": 1, "reset": "zero"}},
            {"name": "readout", "channels": 2, "size": [1, 1], "law": None},
        ],
        "connections": [
            {
                "name": name, "from": source, "to": name, "kind": "fc", "shape": [2, 2], "stride": [1, 1], "groups": 1,
                "pooling": {"window": [1, 1], "kind": "max"}, "delay": 0, "fraction_bits": 0, "weight_bits": 8,
                "format": how,
            }
            for name, source, how in (("fc1", "input", "dense"), ("readout", "fc1", "bitmap"))
        ],
        "readout": {"last": None, "leak_shift": None, "labels": "sample"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"), [(None, "readable YAML"), ("a: [", "readable YAML"), ("- a", "got: list")]
)
def test_a_damaged_config_is_named(tmp_path, text, said):
    if text is not None:
        (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(RecordError, match=rf"config\.yaml: .*{said}"):
        read_config(tmp_path / "config.yaml")
