"""What docs/architecture.md names is there: files, functions, packages, outcomes."""

import ast
import re
from pathlib import Path

import pytest
from test_imports import ORDER

from hwsearch.records.trials import OUTCOMES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([\w/]+\.py)(?::([\w.]+))?`", PAGE)))
ANSWERS = {
    "the price of a storage format": "hardware/storage.py:streams",
    "what a rung keeps": "search/decide/promotion.py:promote",
    "how a finder ranks weights": "tickets/criteria.py:score",
    "what front.csv shows": "search/stages/rows.py:front_row",
}


def place(path):
    """Return where a named file is: below hwsearch/ or the project; in search/, if that was being spoken of."""
    places = [ROOT / "hwsearch" / path, ROOT / path, ROOT / "hwsearch" / "search" / path]
    places += [ROOT / "hwsearch" / "hardware" / path]
    return next((found for found in places if found.is_file()), None)


def defined(path):
    """Return the functions and classes of a file, methods as Class.method."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{part.name}" for part in node.body if isinstance(part, ast.FunctionDef)}
    return names


def test_the_page_names_files_and_functions():
    assert len(NAMED) > 40


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_what_the_page_names_exists(path, name):
    found = place(path)
    assert found is not None, path
    assert not name or name in defined(found)


@pytest.mark.parametrize("question", ANSWERS)
def test_it_answers_where_to_change_what(question):
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| {question}")]
    assert f"`{ANSWERS[question]}`" in row


def test_every_package_stands_in_the_order_of_imports():
    listed = re.findall(r"^\| `(\w+)/` \|", PAGE, re.MULTILINE)
    assert listed == [name for name in ORDER if (ROOT / "hwsearch" / name).is_dir()]


def test_every_room_of_the_search_has_its_line():
    rooms = {path.parent.name for path in (ROOT / "hwsearch" / "search").glob("*/__init__.py")}
    assert set(re.findall(r"^\| `search/(\w+)/` \|", PAGE, re.MULTILINE)) == rooms


def test_every_outcome_is_in_the_glossary_or_named_there():
    glossary = PAGE[PAGE.index("## Glossary") :]
    assert all(outcome in glossary for outcome in OUTCOMES)
    words = re.findall(r"^\| ([^|]+?) \| [^|]+ \|$", glossary, re.MULTILINE)[1:]
    assert [word.lower() for word in words] == sorted((word.lower() for word in words), key=str)
