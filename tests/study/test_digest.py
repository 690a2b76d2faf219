"""Digests: by hand, and that only what a value means changes its name."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from hwsearch.study.digest import digest

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=8,
)


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


class Model(BaseModel):
    x: float
    tags: tuple[str, ...]


def test_models_dataclasses_and_mappings_of_the_same_values_have_one_name() -> None:
    assert (
        digest(Model(x=0.5, tags=("a",))) == digest(Point(0.5, ("a",))) == digest({"x": 0.5, "tags": ["a"]})
    )


def backwards(value: Any) -> Any:
    """The same with the keys of every mapping in the opposite order."""
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(item) for item in value] if isinstance(value, list) else value


@given(VALUES)
@settings(deadline=None, max_examples=40)
def test_the_order_of_keys_does_not_matter(value: Any) -> None:
    assert digest(value) == digest(backwards(value))
    assert len(digest(value)) == 16


@given(st.lists(st.integers(), min_size=2, max_size=5, unique=True))
@settings(deadline=None)
def test_the_order_of_items_does(items: list[int]) -> None:
    assert digest(items) != digest(items[::-1])
