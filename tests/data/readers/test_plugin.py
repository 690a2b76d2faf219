"""Loaders of the user's own: what they return is held to the same laws."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hwsearch.data import plugins
from hwsearch.data.plugins import install
from hwsearch.data.readers.arrays import samples_of
from hwsearch.data.readers.plugin import read_plugin
from hwsearch.errors import InputError
from hwsearch.study.data_section import PluginData

EXAMPLE = Path(__file__).parents[3] / "docs" / "example_plugin.py"
X, Y = np.arange(12).reshape(6, 2), np.repeat([0, 1], 3)


@pytest.fixture(autouse=True)
def loaders(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    found: dict[str, Any] = {}
    monkeypatch.setattr(plugins, "_FROM_FILES", found)
    return found


def test_a_mapping_or_samples(loaders: dict[str, Any], tmp_path: Path) -> None:
    loaders["mine"] = lambda root, times: {"x": X * times, "y": Y, "groups": [root.name] * 6}
    samples = read_plugin(PluginData(plugin="mine", options={"times": 2}, root=str(tmp_path)))
    assert samples.x.ravel().tolist() == (2 * X).ravel().tolist()
    assert samples.group_names == (tmp_path.name,)
    loaders["ready"] = lambda root: samples_of(X, Y)
    assert read_plugin(PluginData(plugin="ready")).classes == 2


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, "must return a mapping with x and y, or Samples; mine returned; got NoneType"),
        ({"x": X}, "got no y"),
        ({"x": X, "y": Y, "group": Y}, "got a key 'group' .did you mean 'groups'"),
        ({"x": X, "y": Y + 1}, "classes must be numbered 0"),
    ],
)
def test_what_a_loader_may_not_return(loaders: dict[str, Any], returned: Any, words: str) -> None:
    loaders["mine"] = lambda root: returned
    with pytest.raises(InputError, match=words):
        read_plugin(PluginData(plugin="mine"))


def test_options_that_a_loader_does_not_take(loaders: dict[str, Any]) -> None:
    loaders["mine"] = lambda root: {}
    with pytest.raises(InputError, match=r"data\.plugin: the plugin must run; got TypeError: .*'n'"):
        read_plugin(PluginData(plugin="mine", options={"n": 1}))


def test_a_study_alone_runs_nothing() -> None:
    with pytest.raises(InputError, match=r"data\.plugin: a plugin must be installed, or be in a file"):
        read_plugin(PluginData(plugin="system"))


def test_the_example_of_the_documentation() -> None:
    install([EXAMPLE])
    samples = read_plugin(PluginData(plugin="bursts", options={"n": 60, "frames": 8}))
    assert samples.x.shape == (60, 8, 3, 1, 1)
    assert samples.class_names == ("fast", "slow")
