"""How samples become parts: defaults, and what the study alone can refuse."""

import pytest
from builders.studies import changed, faults, load


def test_defaults(tmp_path):
    data = load(tmp_path, changed("data.name", "digits")).data
    assert (data.validation, data.test, data.split_seed, data.input_bits) == (0.2, 0.2, 0, None)
    assert (data.split, data.equal_samples) == (None, "together")


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("split", "random", "must be 'official', 'stratified' or 'time'"),
        ("equal_samples", "apart", "must be 'together' or 'spread'"),
        ("test", 0.8, "validation and test together must leave something to train on"),
        ("input_bits", 9, "input_bits must lie in 1 .. 8"),
        ("train_size", 0, "a count must be at least 1"),
    ],
)
def test_what_is_refused(tmp_path, key, value, fault):
    (found,) = faults(tmp_path, changed(f"data.{key}", value))
    assert fault in found
