"""Laws of single values: shares and percentages, budgets with units."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import pytest
from builders.studies import changed, faults, load
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, BeforeValidator, TypeAdapter, ValidationError

from hwsearch.study.laws import BudgetName, Fraction, Name, Seed, share
from hwsearch.study.model import Study, load_study, write_study


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (Name, ["a", "9-x_Y"], ["", "-a", "a b", "ä"]),
        (Seed, [0, 2**32 - 1], [-1, 2**32]),
        (BudgetName, ["energy_j", "sram_bytes"], ["bytes", "watts", "_bytes"]),
    ],
)
def test_single_values_within_and_outside_their_law(kind: Any, good: list[Any], bad: list[Any]) -> None:
    adapter = TypeAdapter(kind)
    assert [adapter.validate_python(value) for value in good] == good
    for value in bad:
        with pytest.raises(ValidationError):
            adapter.validate_python(value)


@given(st.integers(1, 9999))
@settings(deadline=None)
def test_a_percentage_with_two_places_is_the_fraction_itself(hundredths: int) -> None:
    text = f"{hundredths / 100:.2f}%"
    assert TypeAdapter(Fraction).validate_python(text) == float(f"{hundredths / 10000:.4f}")


SHARES = [
    ("pick.within", "1%", 0.01),
    ("pick", {"min_accuracy": "95 %"}, 0.95),
    ("pick", {"min_score": "95 %"}, 0.95),
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


NOT_SHARES = {
    "data.encode.standardise.clip": "deviations",
    "data.hop": "frames, or seconds",
    "data.range_db": "decibels",
    "data.window": "frames, or seconds",
    "device.budgets": "a quantity, with its unit",
    "network.nir.dt": "seconds",
    "network.nir.full_scale": "in units of the other framework",
    "network.threshold": "in units of the float network",
    "space.gentle": "how many times less",
    "tickets.kl_limit": "a distance without a limit",
    "tickets.score_gain": "a factor",
    "tickets.score_learning_rate": "a rate of Adam",
    "tickets.tolerance": "in units of a distance, that of unrelated masks",
    "train.dense_learning_rate": "a rate of Adam",
    "train.learning_rate": "a rate of Adam",
    "train.loss_gain": "a factor",
}
"""Numbers of a study that are no share, and what they are."""


def numbers(annotation: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield key and type of every number with a fraction below a type, wherever a union or a list hides it."""
    base = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    if isinstance(base, type) and issubclass(base, BaseModel):
        for name, field in base.model_fields.items():
            whole = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
            yield from numbers(whole, f"{key}.{name}".lstrip("."))
    elif base is float:
        yield key, annotation
    else:
        for part in get_args(base):
            yield from numbers(part, key)


def is_share(kind: Any) -> bool:
    readers = [note for note in get_args(kind)[1:] if isinstance(note, BeforeValidator)]
    return any(note.func.__qualname__.startswith(f"{share.__name__}.") for note in readers)


EVERY_SHARE = {key: kind for key, kind in numbers(Study) if is_share(kind)}


def test_every_number_of_a_study_is_a_share_or_known_to_be_none() -> None:
    others = {key for key, kind in numbers(Study) if not is_share(kind)}
    assert others <= set(NOT_SHARES), "give a new key the law of a share, or say here what else it is"
    assert {key for key, _, _ in SHARES if "." in key} <= set(EVERY_SHARE)
    assert {"pick.min_accuracy", "pick.min_score", "space.sparsity.step"} <= set(EVERY_SHARE)


@pytest.mark.parametrize("key", EVERY_SHARE)
def test_every_share_takes_percents_and_refuses_what_could_mean_two(key: str) -> None:
    adapter = TypeAdapter(EVERY_SHARE[key])
    assert adapter.validate_python("1%") == adapter.validate_python(0.01) == 0.01
    bare = [30, "30"] if key in ("search.twins", "search.finish") else [1, "1", 30, "30"]
    for value in bare:
        with pytest.raises(ValidationError) as refused:
            adapter.validate_python(value)
        said = refused.value.errors()[0]["ctx"]["todo"]
        assert (
            f"{value} could mean {value} % (write {value}% or {int(value) / 100:.12g}) or {int(value)}00 %"
            in said
        )
