"""Encoders of the user's own: found by name, and refused where no network could read what they return."""

import numpy as np
import pytest

from hwsearch.data import plugins
from hwsearch.data.encode.encoding import encoding_of, fit_encoding
from hwsearch.data.encode.plugin import PluginEncoder
from hwsearch.errors import InputError
from hwsearch.study.data_section import NamedData

X = np.arange(24, dtype=np.uint8).reshape(6, 4, 1, 1)

FILE = """
def above(x, level):
    return (x > level).astype("uint8")

def shape(x):
    return x.reshape(len(x), -1)

def large(x):
    return x * 2

def halves(x):
    return x / 2

def ranks(x):
    return x - x.min()

def fails(x):
    raise KeyError("level")
"""


@pytest.fixture(autouse=True)
def installed(tmp_path, monkeypatch):
    monkeypatch.setattr(plugins, "_FROM_FILES", {})
    (tmp_path / "mine.py").write_text(FILE)
    plugins.install([tmp_path / "mine.py"])


def test_an_encoder_is_the_last_step_and_is_found_again_by_its_settings():
    data = NamedData(name="mine", encode={"plugin": {"name": "above", "options": {"level": 9}}})
    encoding = fit_encoding(data, X, 23)
    assert (encoding.max, encoding.spikes) == (1, True)
    assert encoding(X).ravel().tolist() == [0] * 10 + [1] * 14
    assert encoding.settings == [{"plugin": {"name": "above", "max": 1, "options": {"level": 9}}}]
    assert np.array_equal(encoding_of(encoding.settings, 1)(X), encoding(X))


@pytest.mark.parametrize(
    ("name", "law"),
    [
        ("shape", r"whole numbers \[6, C, H, W\] or \[6, T0, C, H, W\]; got shape \(6, 4\) of type uint8"),
        ("halves", r"got shape \(6, 4, 1, 1\) of type float"),
        ("large", r"whole numbers 0 \.\. 30 \(max\); got 0 \.\. 46"),
        ("ranks", "must encode each sample by itself"),
        ("fails", r"mine\.py:\d+: data\.encode\.plugin: the plugin must run; got KeyError: 'level'"),
        ("abov", "did you mean 'above'"),
    ],
)
def test_what_is_refused(name, law):
    with pytest.raises(InputError, match=law):
        PluginEncoder(name, 30, {})(X)
