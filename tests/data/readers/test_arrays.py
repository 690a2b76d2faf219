"""Arrays as samples: axes and kinds by hand; what breaks a law is named, all of it at once."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsearch.data.readers.arrays import AXES, Places, samples_of
from hwsearch.errors import InputError

Y = np.repeat([0, 1], 3)


def refused(x: Any, y: Any, **options: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        samples_of(x, y, **options)
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("axes", "shape", "full"),
    [
        (None, (6, 5), (6, 5, 1, 1)),
        ("NTC", (6, 4, 5), (6, 4, 5, 1, 1)),
        ("NCL", (6, 5, 4), (6, 5, 4, 1)),
        (None, (6, 2, 3, 4), (6, 2, 3, 4)),
        (None, (6, 7, 2, 3, 4), (6, 7, 2, 3, 4)),
    ],
)
def test_axes(axes: str | None, shape: tuple[int, ...], full: tuple[int, ...]) -> None:
    x = np.arange(np.prod(shape), dtype=np.int16).reshape(shape) % 200
    samples = samples_of(x, Y, axes=axes)
    assert samples.x.shape == full
    assert np.array_equal(samples.x.ravel(), x.ravel())


def test_whole_numbers_stay_and_others_are_measured() -> None:
    small, negative = np.tile([[0, 16]], (6, 1)), np.tile([[-1, 16]], (6, 1))
    assert (samples_of(small, Y).x.dtype, samples_of(small, Y).input_max) == (np.uint8, 16)
    assert samples_of(small, Y, input_max=31).input_max == 31
    for x in (negative, negative / 2, small * 16):
        assert (samples_of(x, Y).x.dtype, samples_of(x, Y).input_max) == (np.float32, None)
    assert samples_of(small, Y).binning == "sum"
    assert samples_of(negative, Y).binning == "mean"


def test_text_labels_are_classes_by_name_and_numbers_are_sorted_as_such() -> None:
    samples = samples_of(
        np.ones((6, 1), int), np.array(["100", "3", "20", "3", "100", "20"] * 1)[[0, 1, 2] * 2]
    )
    assert samples.class_names == ("3", "20", "100")
    assert samples.y.tolist() == [2, 0, 1, 2, 0, 1]


@pytest.fixture(autouse=True)
def enough(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Two samples a class are few: only the tests of that law mind."""
    if "scarce" not in request.node.name:
        monkeypatch.setattr("hwsearch.data.readers.arrays._scarce", lambda *_: [])


def test_groups_and_parts() -> None:
    test = np.array([True, False] * 3)
    samples = samples_of(np.ones((6, 1), int), Y, groups=["b", "a"] * 3, official_test=test)
    assert samples.groups is not None
    assert samples.groups.tolist() == [1, 0] * 3
    assert samples.group_names == ("a", "b")
    assert samples.official_test is test or np.array_equal(samples.official_test, test)


def test_a_label_a_frame() -> None:
    y = np.array([[0, 1], [1, 0]] * 3)
    assert samples_of(np.ones((6, 2, 1), int), y, axes="NTC").y.shape == (6, 2)
    assert (
        "one label for each of the 6 samples, or for each of their 2 frames"
        in refused(np.ones((6, 2, 1), int), np.ones((6, 3), int), axes="NTC")[0]
    )


X = np.ones((6, 2), int)
HALF = np.array([True] * 3 + [False] * 3)
BROKEN = [
    (X, Y[:5], {}, r"^y: there must be one label for each of the 6 samples; got labels of shape \(5\)$"),
    (X, Y + 1, {}, r"^y: classes must be numbered 0 .. K - 1, each with samples; got 1, 2 \(number them anew"),
    (X, Y * 2, {}, r"got 0, 2"),
    (X, Y / 2, {}, r"labels must be whole numbers or text, none of them missing; got 0.5"),
    (X, np.where(Y == 1, np.nan, 0), {}, r"none of them missing; got nan"),
    (X, np.array(["a", " "] * 3), {}, r"a label may not be empty; got an empty one at 1"),
    (X, np.array([None, "a"] * 3, object), {}, r"labels must be whole numbers or text; got an array of objects"),
    (X.astype(object), Y, {}, r"^x: x must be an array of numbers; got an array of objects"),
    (np.full((6, 2), np.nan), Y, {}, r"must be finite numbers; got 12 that are not, the first x\[0, 0\] = nan"),
    (np.full((6, 2), 1e300), Y, {}, r"the first x\[0, 0\] = 1e\+300"),
    (np.ones((6, 2, 2)), Y, {}, r"^axes: .* got x of shape \(6, 2, 2\) \(say axes: NTC .* or NCL"),
    (X, Y, {"axes": "NTC"}, r"x must have the 3 axes of NTC; got x of shape \(6, 2\)"),
    (X, Y, {"axes": "NHWC"}, r"axes must be one of NC, NTC, NCL, NCHW, NTCHW; got 'NHWC'"),
    (np.ones((6, 0)), Y, {}, r"at least one sample with one value"),
    (np.ones(6), Y, {}, r"x must have two axes"),
    (X, Y, {"input_max": 0}, r"values must lie in 0 \.\. 0; got 1"),
    (X, Y, {"groups": [1, 2]}, r"^groups: there must be one group for each of the 6 samples"),
    (X, Y, {"groups": [1.0, np.nan] * 3}, r"groups must be whole numbers or text, none of them missing"),
    (X, Y, {"official_test": HALF | True}, r"both parts must have samples; got 6 of 6"),
    (X, Y, {"official_test": [0, 1] * 3}, r"one of true \(test\) and false"),
]  # fmt: skip


@pytest.mark.parametrize(("x", "y", "options", "words"), BROKEN)
def test_what_breaks_a_law_is_named(x: Any, y: Any, options: dict[str, Any], words: str) -> None:
    import re

    assert any(re.search(words, fault) for fault in refused(x, y, **options)), refused(x, y, **options)


def test_all_faults_at_once() -> None:
    found = refused(np.full((6, 2), np.inf), Y + 1, groups=[1])
    assert [fault.partition(":")[0] for fault in found] == ["x", "y", "groups"]


def test_scarce_classes() -> None:
    assert refused(X, Y * 0) == ["y: there must be at least two classes; got only '0'"]
    (few,) = refused(X, np.array([0, 0, 0, 1, 1, 2]))
    assert "at least 3 samples, for each part of the data to have it; got '1' has 2, '2' has 1" in few
    found = refused(X, Y, official_test=HALF)
    assert "at least 2 samples outside the test part" in found[0]
    assert "at least 1 samples in the test part" in found[1]


def test_places_name_the_file_or_the_key_of_the_study() -> None:
    places = Places({"y": "label", "axes": "data.axes"}, Path("w.npz"))
    assert refused(X, Y[:2], places=places)[0].startswith("w.npz: label: there must be")
    assert refused(X, Y, axes="Q", places=places)[0].startswith("data.axes: axes must be one of")


@given(st.sampled_from(sorted(AXES)), st.integers(0, 2**32 - 1))
def test_every_spelling_keeps_every_value_in_order(axes: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 256, (6, *rng.integers(1, 4, len(axes) - 1)))
    samples = samples_of(x, Y, axes=axes)
    assert samples.x.ndim == (5 if "T" in axes else 4)
    assert np.array_equal(samples.x.ravel(), x.ravel())
