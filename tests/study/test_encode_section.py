"""The key ``data.encode``: what it reads, what it refuses, and that it is written as it was read."""

import pytest
from builders.studies import changed, faults, load

from hwsearch.study.model import load_study, write_study


def encode_of(tmp_path, value):
    return load(tmp_path, changed("data.encode", value)).data.encode


def test_defaults(tmp_path):
    assert encode_of(tmp_path, "direct") == load(tmp_path, changed("data.encode", "direct")).data.encode
    standardise = encode_of(tmp_path, {"standardise": {}}).standardise
    assert (standardise.clip, standardise.by) == (3.0, "channel")
    rate = encode_of(tmp_path, {"rate": {"frames": 8}}).rate
    assert (rate.frames, rate.seed) == (8, 0)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("rate", "encode must be direct, or name its steps"),
        ({}, "encode must be direct, or name its steps"),
        ({"fourier": {}}, "no such key here"),
        ({"rate": {}}, "this key is required"),
        ({"rate": {"frames": 0}}, "frames must lie in 1 .. 64"),
        ({"delta": {"threshold": 0}}, "threshold must lie in 1 .. 255"),
        ({"standardise": {"clip": 0}}, "must be above 0"),
        ({"standardise": {"by": "sample"}}, "must be 'channel', 'value' or 'all'"),
        ({"rate": {"frames": 2}, "latency": {"frames": 2}}, "encode may name one way to make spikes"),
    ],
)
def test_what_is_refused(tmp_path, value, fault):
    (found,) = faults(tmp_path, changed("data.encode", value))
    assert fault in found


def test_a_study_that_says_nothing_keeps_its_digest(tmp_path):
    plain, said = (
        load(tmp_path, changed("data.split_seed", 0)),
        load(tmp_path, changed("data.encode", "direct")),
    )
    assert plain.digest == said.digest
    assert plain.digest != load(tmp_path, changed("data.encode", {"rate": {"frames": 8}})).digest
    assert plain.digest != load(tmp_path, changed("data.split", "time")).digest
    assert plain.digest != load(tmp_path, changed("data.equal_samples", "spread")).digest


@pytest.mark.parametrize("value", ["direct", {"standardise": {"clip": 2.5}, "delta": {"threshold": 9}}])
def test_what_is_written_is_read_again(tmp_path, value):
    study = load(tmp_path, changed("data.encode", value))
    write_study(study, tmp_path / "again.yaml")
    assert load_study(tmp_path / "again.yaml") == study
