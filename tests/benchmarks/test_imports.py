"""Every benchmark can still be started: it imports, says the command that runs it, and stands in the index."""

import importlib
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"
INDEX = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
NEEDS = {"benchmarks.nir_portability": ("snntorch", "norse"), "benchmarks.cluster": ("distributed",)}
"""What modules need beside the extra `test`."""


def can_import(name):
    return all(importlib.util.find_spec(library) for library in NEEDS.get(name, ()))


MODULES = sorted(".".join(p.relative_to(ROOT).with_suffix("").parts) for p in BENCHMARKS.rglob("*.py"))
COMMANDS = [
    name for name in MODULES if not can_import(name) or hasattr(importlib.import_module(name), "main")
]
RESULTS = sorted((BENCHMARKS / "results").glob("*.md"))


@pytest.mark.parametrize("name", MODULES)
def test_it_imports_and_says_what_it_is(name):
    if not can_import(name):
        pytest.skip("what it needs is not installed")
    assert importlib.import_module(name).__doc__


@pytest.mark.parametrize("name", COMMANDS)
def test_its_docstring_has_its_command_and_the_index_names_it(name):
    if not can_import(name):
        pytest.skip("what it needs is not installed")
    assert f"python -m {name}" in importlib.import_module(name).__doc__
    assert f"python -m {name}" in INDEX


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_each_table_stands_in_the_index(path):
    assert f"(results/{path.name})" in INDEX


def test_every_command_that_a_page_names_exists():
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *BENCHMARKS.rglob("*.md")]
    named = {name for page in pages for name in re.findall(r"python -m (benchmarks[\w.]+)", page.read_text())}
    assert named
    assert named <= set(COMMANDS)
