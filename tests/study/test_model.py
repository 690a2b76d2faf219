"""A study as a whole: every fault at once, defaults, writing and reading, and what its digest names."""

from pathlib import Path
from typing import Any

import pytest
from builders.studies import SHORT, changed, faults, load

from hwsearch.errors import InputError
from hwsearch.study.model import load_study, override, write_study


def test_defaults(tmp_path: Path) -> None:
    study = load(tmp_path, SHORT)
    assert (study.seed, study.description, study.data.validation, study.data.test) == (0, "", 0.2, 0.2)
    assert (study.network.neuron, study.network.leak_shift, study.network.reset) == ("lif", 1, "zero")
    assert (study.space.scope, study.space.gentle, study.space.per_layer) == ("global", 2.0, False)
    assert study.objectives == ("error", "energy_j", "memory_bytes")
    assert (study.train.dense_epochs, study.train.epochs, study.train.neuron_loop) == (40, 20, "fused")
    assert (study.search.sampler, study.search.batch, study.search.stack) == ("tpe", "auto", "auto")
    assert (study.final.seeds, study.pick.rule, study.pick.within) == (3, "smallest", 0.01)
    assert study.pick.min_accuracy is None


BAD = """\
name: digits mcu
sede: 3
data: {name: digits, validation: 0.9}
network:
  layers: p2-16c4-fc0-3c3
  neuron: if
  leak_shift: 2
  threshold: -1
space:
  sparsity: {low: 0.1, high: 0.9, stp: 0.1}
  granularity: [weight, weights]
  weight_bits: [1, 9, 4]
  timesteps: [1, 1]
device:
  profile: cortex
  budgets: {foo: 1, sram_bytes: -2, ram_bytes: off}
search: {candidates: 1e2}
pick: {within: 1, min_accuracy: 2}
pick: {}
"""


def test_every_fault_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    found = faults(tmp_path, BAD)
    assert [":".join(fault.split(":")[:2]) for fault in found] == [
        "1: name",
        "2: sede",
        "3: data",
        "5: network.layers",
        "7: network.leak_shift",
        "8: network.threshold",
        "10: space.sparsity.step",
        "10: space.sparsity.stp",
        "11: space.granularity.1",
        "12: space.weight_bits.1",
        "13: space.timesteps",
        "16: device.budgets.foo",
        "16: device.budgets.sram_bytes",
        "16: device.budgets.ram_bytes",
        "17: search.candidates",
        "18: pick.min_accuracy",
        "18: pick.within",
        "19: pick",
    ]
    assert found[3] == (
        "5: network.layers: '16c4' (token 2): the sides of a filter must be odd; 'fc0' (token 3) is no layer; "
        'got "p2-16c4-fc0-3c3" (layers are <n>c<k> (conv; <n>c<k>x<k>, <n>c<k>s<stride>), dw<k> (depthwise), '
        'p<k> (pooling), gap, fc<n>, r<n> (recurrent) and res(...); for example "16c3-p2-32c3-p2-fc128")'
    )
    assert found[1].startswith(
        "2: sede: no such key here; got 3 (did you mean 'seed'? known keys: data, desc"
    )
    assert found[9] == ("12: space.weight_bits.1: weight_bits must lie in 1 .. 8, or be 16; got 9")


@pytest.mark.parametrize("key", ["name", "data", "network", "space", "device", "search"])
def test_required_sections(tmp_path: Path, key: str) -> None:
    assert faults(tmp_path, changed(key, ...)) == [f" {key}: this key is required (add it)"]


@pytest.mark.parametrize(
    ("key", "value", "law"),
    [
        ("seed", -1, "a seed must lie in 0 .. 2**32 - 1; got -1"),
        ("objectives", ["error"], "there must be two or three objectives"),
        ("objectives", ["error", "error"], "a list may not repeat a value"),
        ("objectives", ["energy_j", "latency_s"], "error must be one of the objectives"),
    ],
)
def test_each_law_of_the_study_itself(tmp_path: Path, key: str, value: Any, law: str) -> None:
    (fault,) = faults(tmp_path, changed(key, value))
    assert key.partition(".")[0] in fault
    assert law in fault


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("space.granularity", ["weight", "kernel"]),  # without a conv layer: the run says so, no fault
        ("device.budgets", {}),
        ("device.budgets", {"sram_bytes": 4096, "latency_s": 1e-12}),
        ("network", {"layers": "16c3-p2-32c3-p2-fc128", "neuron": "if"}),
        ("network", {"layers": "r16", "readout": {"last": 2, "leak_shift": 3}}),
        ("space.sparsity", {"low": 0.1, "high": 0.9, "step": 0.1}),
        ("space.per_layer", ["sparsity", "granularity"]),
        ("pick", {"rule": "accurate", "min_accuracy": 0.95}),
        ("description", "off\n2020-01-01: '1e-12' #ö"),
        ("data", {"name": "mnist", "root": "12", "train_size": 6000, "input_bits": 1}),
        ("train", {"learning_rate": 1e-5, "neuron_loop": "spikingjelly"}),
        ("train", {"augment": {"shift": 2, "flip": "horizontal"}}),
    ],
)
def test_written_and_read_back_it_is_equal(tmp_path: Path, key: str, value: Any) -> None:
    study = load(tmp_path, changed(key, value))
    write_study(study, tmp_path / "again.yaml")
    again = load_study(tmp_path / "again.yaml")
    assert again == study
    assert again.digest == study.digest
    assert again.to_yaml_dict() == study.to_yaml_dict()


@pytest.mark.parametrize(("key", "default"), [("storage", "smallest"), ("firmware", "profile")])
def test_later_keys_of_the_device_are_in_no_digest_at_their_default(
    tmp_path: Path, key: str, default: str
) -> None:
    said = load(tmp_path, changed(f"device.{key}", default))
    assert said.digest == load(tmp_path, SHORT).digest


def test_a_study_that_trains_all_members_is_written_and_named_as_before(tmp_path: Path) -> None:
    plain, said = load(tmp_path, SHORT), load(tmp_path, changed("final.others", "train"))
    assert "others" not in plain.to_yaml_dict()["final"] | said.to_yaml_dict()["final"]
    told = load(tmp_path, changed("final.others", "foretold"))
    assert told.to_yaml_dict()["final"]["others"] == "foretold"
    assert told.digest == plain.digest  # the search is the same: it may be asked of a finished run


def test_a_study_that_moves_no_images_is_written_and_named_as_before(tmp_path: Path) -> None:
    plain, said = load(tmp_path, SHORT), load(tmp_path, changed("train.augment", None))
    assert plain.digest == said.digest
    for study in (plain, said):
        assert "augment" not in study.to_yaml_dict()["train"]
        assert "augment" not in study.searched()["train"]


def test_a_study_whose_batches_do_not_overlap_is_written_and_named_as_before(tmp_path: Path) -> None:
    plain, said, other = (
        load(tmp_path, changed(*change))
        for change in (("seed", 0), ("search.overlap", False), ("search.overlap", True))
    )
    assert plain.digest == said.digest != other.digest
    for study in (plain, said):
        assert "overlap" not in study.to_yaml_dict()["search"] | study.searched()["search"]
    assert other.to_yaml_dict()["search"]["overlap"] is True


def test_the_score_counts_in_the_digest_unless_it_is_accuracy(tmp_path: Path) -> None:
    plain, said, other = (
        load(tmp_path, changed("seed", 0) | more)
        for more in ({}, {"score": "accuracy", "train": {"class_weights": "none"}}, {"score": "macro_f1"})
    )
    assert plain.digest == said.digest != other.digest
    assert plain.digest != load(tmp_path, changed("train.class_weights", "balanced")).digest
    assert "score" not in plain.searched()
    assert other.searched()["score"] == "macro_f1"


def test_what_is_needed_is_of_the_score(tmp_path: Path) -> None:
    scored = {"score": "balanced_accuracy"}
    study = load(tmp_path, changed("pick", {"min_score": "90%"}) | scored)
    assert (study.pick.needed, study.pick.within) == (0.9, None)
    (fault,) = faults(tmp_path, changed("pick", {"min_accuracy": 0.9}) | scored)
    assert (
        "pick.min_accuracy: what a pick needs must be of the study's score, which is balanced_accuracy"
        in fault
    )
    assert "(write min_score)" in fault
    (fault,) = faults(tmp_path, changed("score", "f1"))
    assert "score: must be 'accuracy', 'balanced_accuracy' or 'macro_f1'" in fault


def test_all_of_it_is_written_so_that_it_can_be_read_again(tmp_path: Path) -> None:
    study = load(
        tmp_path, changed("pick", {"min_accuracy": "100%"}) | {"search": {"candidates": 1, "audit": "100%"}}
    )
    assert (study.pick.min_accuracy, study.search.audit) == (1.0, 1.0)
    write_study(study, tmp_path / "again.yaml")
    assert "min_accuracy: 100%" in (tmp_path / "again.yaml").read_text()
    assert load_study(tmp_path / "again.yaml") == study


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seed", 1),
        ("data.name", "mnist"),
        ("data.train_size", 1000),
        ("data.validation", 0.25),
        ("data.split_seed", 1),
        ("data.input_bits", 4),
        ("network.layers", "fc128"),
        ("network.neuron", "if"),
        ("network.leak_shift", 2),
        ("network.threshold", 2.0),
        ("network.reset", "subtract"),
        ("network.batch_norm", True),
        ("network.pool", "sum"),
        ("space.sparsity", [0, 0.5]),
        ("space.weight_bits", [4]),
        ("space.per_layer", True),
        ("space.scope", "layer"),
        ("space.gentle", 1.0),
        ("device.budgets", {"memory_bytes": 65535, "energy_j": 1e-6}),
        ("device.storage", "fastest"),
        ("device.firmware", "priced"),
        ("objectives", ["error", "energy_j"]),
        ("train.epochs", 21),
        ("train.neuron_loop", "spikingjelly"),
        ("train.augment", {"shift": 1}),
        ("search.sampler", "random"),
        ("search.batch", 4),
        ("search.worth", 0.2),
    ],
)
def test_the_digest_changes_with_what_changes_results(tmp_path: Path, key: str, value: Any) -> None:
    assert load(tmp_path, changed(key, value)).digest != load(tmp_path, SHORT).digest


def test_batches_that_grow_begin_as_those_of_earlier_versions(tmp_path: Path) -> None:
    said, unsaid = load(tmp_path, changed("search.batch", 8)), load(tmp_path, SHORT)
    assert unsaid.search.batch == load(tmp_path, changed("search.batch", "auto")).search.batch == "auto"
    assert said.digest == unsaid.digest != load(tmp_path, changed("search.batch", 16)).digest


def test_the_digest_does_not_change_with_the_rest(tmp_path: Path) -> None:
    study = load(tmp_path, SHORT)
    for key, value in [
        ("name", "other"),
        ("description", "text"),
        ("data.root", "/data"),
        ("seed", 0),
        # a search goes on with more candidates; the profile has a digest of its own
        ("search.candidates", 101),
        ("device.profile", "loihi"),
        # what is trained together changes no bit; finals, pick and rival come after the search
        ("search.stack", 2),
        ("final.seeds", 7),
        ("final.adds", 0.1),
        ("pick.rule", "frugal"),
        ("pick.within", 0.5),
        ("rival", False),
    ]:
        assert load(tmp_path, changed(key, value)).digest == study.digest
    backwards = dict(reversed(list(SHORT.items())))
    assert load(tmp_path, backwards).digest == study.digest


def test_keys_that_came_later_leave_the_digest_of_studies_without_them(tmp_path: Path) -> None:
    # as it was before there were readouts: runs of such studies go on
    assert load(tmp_path, SHORT).digest == "f0fe5a905ee2120f"
    assert load(tmp_path, changed("network.readout", {"labels": "sample"})).digest == "f0fe5a905ee2120f"
    assert load(tmp_path, changed("network.readout", {"last": 2})).digest != "f0fe5a905ee2120f"


def test_override(tmp_path: Path) -> None:
    study = load(tmp_path, SHORT)
    other = override(study, seed=7, data_root="/data")
    assert (other.seed, other.data.root, study.seed, study.data.root) == (7, "/data", 0, None)
    assert override(study) == study
    with pytest.raises(InputError, match=r"--seed: a seed must lie in 0 \.\. 2\*\*32 - 1; got -1"):
        override(study, seed=-1)
