"""Code of the user's own: only files of the command line and installed entry points are run."""

import importlib.metadata
from pathlib import Path
from typing import Any

import pytest

from hwsearch.data import plugins
from hwsearch.data.plugins import call, find, install
from hwsearch.errors import InputError


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "_FROM_FILES", {})


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.py"
    path.write_text(text, encoding="utf-8")
    return path


def test_functions_of_a_file_by_their_names(tmp_path: Path) -> None:
    text = "from math import sqrt\ndef one(root): return 1\ndef _private(): pass\nclass Two: pass\n"
    install([write(tmp_path, text)])
    assert find("one", "hwsearch.data", "data.plugin")(None) == 1
    with pytest.raises(InputError, match=r"data\.plugin: .*got 'sqrt'"):
        find("sqrt", "hwsearch.data", "data.plugin")
    with pytest.raises(InputError, match="did you mean 'one'"):
        find("ones", "hwsearch.data", "data.plugin")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 3\n", r"mine\.py: --plugin: a plugin must define a function; got none"),
        (
            "import nothing_of_this_name\n",
            r"mine\.py:1: --plugin: the plugin must run; got ModuleNotFoundError",
        ),
        ("def one(:\n", r"the plugin must run; got SyntaxError"),
    ],
)
def test_files_that_are_no_plugins(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        install([write(tmp_path, text)])


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--plugin: a plugin must be a file of Python; got no file"):
        install([tmp_path / "none.py"])
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(InputError, match=r"got notes\.txt \(name it \.py\)"):
        install([tmp_path / "notes.txt"])


def test_entry_points(monkeypatch: pytest.MonkeyPatch) -> None:
    def points(group: str) -> Any:
        both = [importlib.metadata.EntryPoint("root", "math:sqrt", group)] * 2
        two = [importlib.metadata.EntryPoint("twice", f"math:{name}", group) for name in ("cos", "sin")]
        return importlib.metadata.EntryPoints(
            [*both, *two, importlib.metadata.EntryPoint("gone", "no_such:x", group)]
        )

    monkeypatch.setattr(importlib.metadata, "entry_points", points)
    assert find("root", "hwsearch.data", "data.plugin")(9) == 3
    with pytest.raises(InputError, match=r"one package only .*got math:cos, math:sin"):
        find("twice", "hwsearch.data", "data.plugin")
    with pytest.raises(InputError, match="got ModuleNotFoundError"):
        find("gone", "hwsearch.data", "data.plugin")


def test_without_any_plugin_it_says_how_to_name_one() -> None:
    with pytest.raises(
        InputError, match=r"got 'mine' \(--plugin FILE, or an entry point of hwsearch\.data\)"
    ):
        find("mine", "hwsearch.data", "data.plugin")


def test_what_a_plugin_raises_is_a_fault_at_its_line(tmp_path: Path) -> None:
    install([write(tmp_path, "def one(root):\n    return 1 / 0\n")])
    with pytest.raises(
        InputError, match=r"mine\.py:2: data\.plugin: the plugin must run; got ZeroDivisionError"
    ):
        call("data.plugin", find("one", "hwsearch.data", "data.plugin"), None)


def test_a_fault_that_a_plugin_raises_stays_as_it_is(tmp_path: Path) -> None:
    text = (
        "from hwsearch import Fault, InputError\ndef one(root):\n    raise InputError([Fault('x', 'law')])\n"
    )
    install([write(tmp_path, text)])
    with pytest.raises(InputError, match=r"^x: law$"):
        call("data.plugin", find("one", "hwsearch.data", "data.plugin"), None)
