"""Encodings: which steps a study has, and that their settings are enough to do the same elsewhere."""

import json
import math

import numpy as np
import pytest

from hwsearch.data.encode.encoding import encoding_of, encoding_words, fit_encoding
from hwsearch.data.samples import Samples
from hwsearch.errors import InputError
from hwsearch.study.data_section import NamedData

MEASURED = np.random.default_rng(0).normal(20, 4, (12, 3, 1, 1)).astype(np.float32)
STILL = np.arange(48, dtype=np.uint8).reshape(12, 4, 1, 1)
FRAMES = STILL.reshape(12, 4, 1, 1, 1)


def fit(x, largest, **keys):
    keys = {"name": "mine", "encode": "direct"} | keys
    return fit_encoding(NamedData.model_validate_json(json.dumps(keys), strict=True), x, largest)


def test_whole_numbers_stay_as_they_are():
    encoding = fit(STILL, 47)
    assert (encoding.steps, encoding.max, encoding.settings) == ((), 47, [])
    assert encoding(STILL) is STILL
    assert fit(STILL, 47, input_bits=2).settings == [{"requantise": {"old_max": 47, "max": 3}}]


def test_measured_values_are_standardised_to_eight_bits():
    assert fit(MEASURED, None).max == 255
    assert fit(MEASURED, None, input_bits=4)(MEASURED).max() <= 15
    ((name, settings),) = fit(MEASURED, None, encode={"standardise": {"clip": 2}}).settings[0].items()
    assert (name, settings["clip"]) == ("standardise", 2)


def test_spikes_come_last():
    encoding = fit(MEASURED, None, encode={"standardise": {}, "latency": {"frames": 5}})
    assert [list(step) for step in encoding.settings] == [["standardise"], ["latency"]]
    assert encoding.max == 1
    assert encoding(MEASURED).shape == (12, 5, 3, 1, 1)
    assert fit(FRAMES, 47, encode={"delta": {"threshold": 2}})(FRAMES).shape == (12, 4, 2, 1, 1)


@pytest.mark.parametrize(
    ("x", "encode", "law"),
    [
        (FRAMES, {"rate": {"frames": 2}}, "rate makes frames of still images, and mine has frames"),
        (FRAMES, {"latency": {"frames": 2}}, "latency makes frames of still images"),
        (STILL, {"delta": {"threshold": 2}}, "delta makes spikes of what changes from frame to frame"),
    ],
)
def test_spikes_of_what_has_no_time_or_has_it_already_are_refused(x, encode, law):
    with pytest.raises(InputError, match=law):
        fit(x, 47, encode=encode)


@pytest.mark.parametrize(
    ("x", "largest", "keys"),
    [
        (MEASURED, None, {"encode": {"standardise": {"by": "value"}, "rate": {"frames": 6, "seed": 3}}}),
        (STILL, 47, {"input_bits": 3, "encode": {"latency": {"frames": 6}}}),
        (FRAMES, 47, {"encode": {"standardise": {"by": "all"}, "delta": {"threshold": 4}}}),
    ],
)
def test_the_settings_written_as_text_give_the_same_numbers(x, largest, keys):
    encoding = fit(x, largest, **keys)
    again = encoding_of(json.loads(json.dumps(encoding.settings)), encoding.max)
    assert np.array_equal(again(x), encoding(x))


def test_another_program_standardises_alike_by_the_settings():
    encoding = fit(MEASURED, None)
    s = json.loads(json.dumps(encoding.settings))[0]["standardise"]
    for raw, done in zip(MEASURED.reshape(12, 3).tolist(), encoding(MEASURED).reshape(12, 3), strict=True):
        for c, x in enumerate(raw):
            z = min(max((x - s["mean"][c][0][0]) / s["deviation"][c][0][0], -s["clip"]), s["clip"])
            assert done[c] == math.floor((z + s["clip"]) * s["max"] / (2 * s["clip"]) + 0.5)


def test_what_a_reader_must_know():
    samples = Samples(MEASURED, np.zeros(12, int), None, classes=1, channel_names=("p1", "p2", "t1"))
    x = MEASURED.copy()
    x[:, 1] = 4
    host, constant = encoding_words(fit(x, None), samples)
    assert "encoded on the host (standardise)" in host
    assert constant == "1 of 3 standardised inputs do not vary in training and say nothing (channel p2)"
    assert encoding_words(fit(STILL, 47, input_bits=2), samples) == ()
