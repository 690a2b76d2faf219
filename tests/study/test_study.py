import copy
import dataclasses
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from hwsearch.errors import InputError
from hwsearch.study.digest import digest
from hwsearch.study.model import Study, load_study, override, write_study

SHORT: dict[str, Any] = {
    "name": "digits_mcu",
    "data": {"name": "digits"},
    "network": {"layers": "fc128-fc128"},
    "space": {
        "sparsity": [0, 0.5, 0.9],
        "granularity": ["weight", "nm:4"],
        "weight_bits": [4, 8],
        "timesteps": [2, 4],
    },
    "device": {"profile": "cortex-m4", "budgets": {"memory_bytes": 65536, "energy_j": 1e-6}},
    "search": {"candidates": 100},
}


def changed(key: str, value: Any) -> dict[str, Any]:
    """SHORT with the dotted key set, or removed where the value is ..."""
    content = copy.deepcopy(SHORT)
    at = content
    *parents, last = key.split(".")
    for part in parents:
        at = at.setdefault(part, {})
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return content


def load(tmp_path: Path, content: dict[str, Any] | str) -> Study:
    path = tmp_path / "study.yaml"
    if isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    else:
        with path.open("w", encoding="utf-8") as stream:
            YAML(typ="safe", pure=True).dump(content, stream)
    return load_study(path)


def faults(tmp_path: Path, content: dict[str, Any] | str) -> list[str]:
    with pytest.raises(InputError) as caught:
        load(tmp_path, content)
    return [str(fault).removeprefix(f"{tmp_path / 'study.yaml'}:") for fault in caught.value.faults]


def test_defaults(tmp_path: Path) -> None:
    study = load(tmp_path, SHORT)
    assert (study.seed, study.description, study.data.validation, study.data.test) == (0, "", 0.2, 0.2)
    assert (study.network.neuron, study.network.leak_shift, study.network.reset) == ("lif", 1, "zero")
    assert (study.space.scope, study.space.gentle, study.space.per_layer) == ("global", 2.0, False)
    assert study.objectives == ("error", "energy_j", "memory_bytes")
    assert (study.train.dense_epochs, study.train.epochs, study.train.neuron_loop) == (40, 20, "fused")
    assert (study.search.sampler, study.search.batch, study.search.stack) == ("tpe", 8, "auto")
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
  weight_bits: [1, 5, 4]
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
        "5: network.layers: 'p2' must follow a conv layer; the kernel of '16c4' must be odd (same padding); "
        "'fc0' is not <n>c<k> (conv), p<k> (pooling) or fc<n> (fully connected); "
        'got "p2-16c4-fc0-3c3" (for example "fc128-fc128" or "16c3-p2-32c3-p2-fc128")'
    )
    assert found[1].startswith(
        "2: sede: no such key here; got 3 (did you mean 'seed'? known keys: data, desc"
    )
    assert found[9] == ("12: space.weight_bits.1: weight_bits must come from 1, 2, 3, 4, 6, 8, 16; got 5")


@pytest.mark.parametrize("key", ["name", "data", "network", "space", "device", "search"])
def test_required_sections(tmp_path: Path, key: str) -> None:
    assert faults(tmp_path, changed(key, ...)) == [f" {key}: this key is required (add it)"]


@pytest.mark.parametrize(
    ("key", "value", "law"),
    [
        ("seed", -1, "a seed must lie in 0 .. 2**32 - 1; got -1"),
        ("data.name", "../etc", "a name must be letters, digits, _ and -"),
        ("data.root", " ", "a path may not be empty"),
        ("data.train_size", 0, "a count must be at least 1; got 0"),
        ("data.test", 0.8, "leave something to train on (a sum below 1); got 0.2 + 0.8"),
        ("data.validation", 1.0, "a fraction must lie in (0, 1)"),
        ("data.input_bits", 9, "input_bits must lie in 1 .. 8; got 9"),
        ("network.layers", "fc8-16c3", "'16c3' must stand before the first fc layer"),
        ("network.layers", "16c3-p2-p2", "'p2' must follow a conv layer"),
        ("network.layers", "16c3-p1", "'p1' must pool 2 x 2 or more"),
        ("network.layers", "", "'' is not <n>c<k>"),
        ("network.leak_shift", 9, "leak_shift of a lif neuron must lie in 1 .. 8; got 9"),
        ("network.leak_shift", None, "leak_shift of a lif neuron must lie in 1 .. 8; got null"),
        ("network.threshold", 0, "the value must be above 0"),
        ("network.reset", "soft", "must be 'zero' or 'subtract'; got \"soft\""),
        ("space.sparsity", [0.5, 1.0], "sparsity must lie in [0, 1), and it must be plain"),
        ("space.sparsity", [], "a list may not be empty"),
        ("space.sparsity", [0.5, 0.5], "a list may not repeat a value"),
        ("space.sparsity", 0.5, "must be a valid array"),
        ("space.sparsity", {"low": 0.5, "high": 0.5, "step": 0.1}, "high must be above low"),
        ("space.sparsity", {"low": 0.0, "high": 0.95, "step": 0.1}, "a whole number of steps; got 0.95"),
        ("space.sparsity", {"low": 0.0, "high": 0.9, "step": 2.0}, "step must lie in (0, 1)"),
        ("space.sparsity", {"low": 0.0, "high": 0.9, "step": 1e-9}, "1000 levels at most"),
        ("space.granularity", ["kernel"], "at least one granularity must apply to the network"),
        ("space.timesteps", [65], "timesteps must lie in 1 .. 64; got 65"),
        ("space.timesteps", [2.0], "must be a valid integer"),
        ("space.gentle", 0.5, "gentle must be at least 1"),
        ("device.profile", "", "a profile must be an id or the path"),
        ("device.budgets", {"watts": 1}, "a budget must be one of memory_bytes"),
        ("device.budgets", {"energy_j": float("inf")}, "must be a finite number"),
        ("device.budgets", {"sram_bytes": 0}, "a budget must be above 0; got 0"),
        ("objectives", ["error"], "there must be two or three objectives"),
        ("objectives", ["error", "error"], "a list may not repeat a value"),
        ("objectives", ["energy_j", "latency_s"], "error must be one of the objectives"),
        ("train.learning_rate", float("nan"), "must be a finite number"),
        ("search.candidates", 0, "a count must be at least 1"),
        ("search.sampler", "bo", "must be 'tpe', 'nsga2', 'gp', 'random' or 'grid'"),
        ("final.seeds", True, "must be a valid integer; got true"),
        ("pick", {"within": 0.1, "min_accuracy": 0.9}, "exactly one of within and min_accuracy"),
        ("pick.within", 1.5, "an accuracy or its loss must lie in [0, 1]"),
        ("pick.within", None, "exactly one of within and min_accuracy"),
    ],
)
def test_each_law(tmp_path: Path, key: str, value: Any, law: str) -> None:
    found = faults(tmp_path, changed(key, value))
    assert len(found) == 1
    assert key.partition(".")[0] in found[0]
    assert law in found[0]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("space.granularity", ["weight", "kernel"]),  # without a conv layer: the run says so, no fault
        ("device.budgets", {}),
        ("device.budgets", {"sram_bytes": 4096, "latency_s": 1e-12}),
        ("network", {"layers": "16c3-p2-32c3-p2-fc128", "neuron": "if"}),
        ("space.sparsity", {"low": 0.1, "high": 0.9, "step": 0.1}),
        ("pick", {"rule": "accurate", "min_accuracy": 0.95}),
        ("description", "off\n2020-01-01: '1e-12' #ö"),
        ("data", {"name": "mnist", "root": "12", "train_size": 6000, "input_bits": 1}),
        ("train", {"learning_rate": 1e-5, "neuron_loop": "spikingjelly"}),
    ],
)
def test_written_and_read_back_it_is_equal(tmp_path: Path, key: str, value: Any) -> None:
    study = load(tmp_path, changed(key, value))
    write_study(study, tmp_path / "again.yaml")
    again = load_study(tmp_path / "again.yaml")
    assert again == study
    assert again.digest == study.digest
    assert again.to_yaml_dict() == study.to_yaml_dict()


def test_a_range_of_sparsities_has_exact_levels(tmp_path: Path) -> None:
    study = load(tmp_path, changed("space.sparsity", {"low": 0.1, "high": 0.4, "step": 0.1}))
    assert study.space.sparsity_levels == (0.1, 0.2, 0.3, 0.4)
    assert load(tmp_path, SHORT).space.sparsity_levels == (0.0, 0.5, 0.9)


def test_an_if_neuron_has_no_leak(tmp_path: Path) -> None:
    assert load(tmp_path, changed("network.neuron", "if")).network.leak_shift is None


def test_has_conv(tmp_path: Path) -> None:
    assert not load(tmp_path, SHORT).network.has_conv
    assert load(tmp_path, changed("network.layers", "fc8")).network.has_conv is False
    assert load(tmp_path, changed("network.layers", "8c3-p2-fc8")).network.has_conv is True


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
        ("objectives", ["error", "energy_j"]),
        ("train.epochs", 21),
        ("train.neuron_loop", "spikingjelly"),
        ("search.sampler", "random"),
        ("search.batch", 4),
        ("search.worth", 0.2),
    ],
)
def test_the_digest_changes_with_what_changes_results(tmp_path: Path, key: str, value: Any) -> None:
    assert load(tmp_path, changed(key, value)).digest != load(tmp_path, SHORT).digest


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
        # what is trained together changes no bit; finals and pick come after the search
        ("search.stack", 2),
        ("final.seeds", 7),
        ("final.adds", 0.1),
        ("pick.rule", "frugal"),
        ("pick.within", 0.5),
    ]:
        assert load(tmp_path, changed(key, value)).digest == study.digest
    backwards = dict(reversed(list(SHORT.items())))
    assert load(tmp_path, backwards).digest == study.digest


@dataclasses.dataclass(frozen=True)
class Point:
    x: float
    tags: tuple[str, ...]


def test_digest_is_the_hash_of_the_canonical_json() -> None:
    # printf '%s' '{"format":1,"value":{"tags":["a"],"x":0.1}}' | sha256sum | cut -c-16
    assert digest(Point(0.1, ("a",))) == digest({"tags": ["a"], "x": 0.1}) == "3e150da5cbc8bb15"
    assert digest(-0.0) == digest(0.0)
    assert digest(1) != digest(1.0) != digest("1.0")


@pytest.mark.parametrize("value", [{1: 2}, {1, 2}, Path("x"), [b"x"]])
def test_digest_refuses_what_it_cannot_name(value: Any) -> None:
    with pytest.raises(TypeError, match=r"digest"):
        digest(value)


def test_digest_refuses_numbers_that_are_not_finite() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest(float("nan"))


def test_override(tmp_path: Path) -> None:
    study = load(tmp_path, SHORT)
    other = override(study, seed=7, data_root="/data")
    assert (other.seed, other.data.root, study.seed, study.data.root) == (7, "/data", 0, None)
    assert override(study) == study
    with pytest.raises(InputError, match=r"--seed: a seed must lie in 0 \.\. 2\*\*32 - 1; got -1"):
        override(study, seed=-1)


SHARES = [
    ("pick.within", "1%", 0.01),
    ("pick", {"min_accuracy": "95 %"}, 0.95),
    ("data.validation", "20%", 0.2),
    ("data.test", "25%", 0.25),
    ("space.sparsity", ["0%", "90%"], 0.9),
    ("train.input_noise", "5%", 0.05),
    ("search.twins", "98%", 0.98),
    ("search.audit", "8%", 0.08),
    ("search.finish", "2%", 0.02),
    ("search.worth", "15%", 0.15),
    ("tickets.fraction", "25%", 0.25),
    ("final.adds", "0.1%", 0.001),
]


def as_fraction(value: Any, fraction: float) -> Any:
    """The same with the percentage written as a fraction."""
    if isinstance(value, dict):
        return dict.fromkeys(value, fraction)
    return [0.0, fraction] if isinstance(value, list) else fraction


@pytest.mark.parametrize(("key", "value", "fraction"), SHARES)
def test_a_percentage_is_the_fraction_and_names_the_same_results(
    tmp_path: Path, key: str, value: Any, fraction: float
) -> None:
    study = load(tmp_path, changed(key, value))
    other = load(tmp_path, changed(key, as_fraction(value, fraction)))
    assert study == other
    assert study.digest == other.digest


@pytest.mark.parametrize(("key", "value", "fraction"), SHARES)
def test_a_bare_percentage_is_refused_with_both_readings(
    tmp_path: Path, key: str, value: Any, fraction: float
) -> None:
    (fault,) = faults(tmp_path, changed(key, as_fraction(value, 30)))
    assert "got 30 (30 could mean 30 % (write 30% or 0.3) or 3000 %)" in fault


@pytest.mark.parametrize("value", [1, 1.0])
@pytest.mark.parametrize(
    "key", ["pick.within", "pick.min_accuracy", "search.worth", "search.audit", "final.adds"]
)
def test_a_bare_1_may_be_meant_as_a_percentage(tmp_path: Path, key: str, value: float) -> None:
    content = changed("pick", {"min_accuracy": value}) if key == "pick.min_accuracy" else changed(key, value)
    (fault,) = faults(tmp_path, content)
    assert f"got {value} (1 could mean 1 % (write 1% or 0.01) or 100 % (write 100%))" in fault


def test_1_is_legal_where_it_has_a_meaning_of_its_own(tmp_path: Path) -> None:
    assert load(tmp_path, changed("search.twins", 1)).search.twins == 1.0
    assert load(tmp_path, changed("search.finish", 1)).search.finish == 1.0
    assert load(tmp_path, changed("pick.within", 0)).pick.within == 0.0


def test_all_of_it_is_written_so_that_it_can_be_read_again(tmp_path: Path) -> None:
    study = load(
        tmp_path, changed("pick", {"min_accuracy": "100%"}) | {"search": {"candidates": 1, "audit": "100%"}}
    )
    assert (study.pick.min_accuracy, study.search.audit) == (1.0, 1.0)
    write_study(study, tmp_path / "again.yaml")
    assert "min_accuracy: 100%" in (tmp_path / "again.yaml").read_text()
    assert load_study(tmp_path / "again.yaml") == study


def test_budgets_take_units_and_the_digest_does_not_tell(tmp_path: Path) -> None:
    spelt = {"memory_bytes": "16KiB", "ram_bytes": "4 kB", "energy_j": "20 uJ", "latency_s": "5 ms"}
    plain = {"memory_bytes": 16384, "ram_bytes": 4000, "energy_j": 2e-5, "latency_s": 0.005}
    study = load(tmp_path, changed("device.budgets", spelt))
    other = load(tmp_path, changed("device.budgets", plain))
    assert (study, study.digest) == (other, other.digest)
    write_study(study, tmp_path / "again.yaml")
    assert load_study(tmp_path / "again.yaml") == study


def test_units_of_another_kind_are_refused_one_by_one(tmp_path: Path) -> None:
    budgets = {
        "memory_bytes": "16 KB",
        "energy_j": "5 ms",
        "macs": "60k",
        "ram_bytes": "-1 kB",
        "latency_s": [1],
    }
    found = sorted(fault.partition(": ")[2] for fault in faults(tmp_path, changed("device.budgets", budgets)))
    assert [fault.partition(";")[0] for fault in found] == [
        "device.budgets.energy_j: a budget of energy must be a number or carry its unit",
        "device.budgets.latency_s: must be a valid number",
        "device.budgets.macs: this budget is a count and takes no unit",
        "device.budgets.memory_bytes: a budget of memory must be a number or carry its unit",
        "device.budgets.ram_bytes: a budget must be above 0",
    ]
    assert 'got "5 ms" (ms is a unit of time; units of energy: pJ, nJ, uJ, mJ, J)' in found[0]
