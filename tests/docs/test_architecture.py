"""What the architecture page names exists: files, functions, packages in their order, words of the glossary once."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
SOURCE = ROOT / "hwsearch"


def section(title):
    return PAGE.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def rows(title):
    lines = [line for line in section(title).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def names_of(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:hwsearch/)?[\w/]+\.py)`", PAGE))))
def test_each_file_exists(path):
    assert (ROOT / path).is_file() or (SOURCE / path).is_file()


@pytest.mark.parametrize(("name", "path"), sorted(set(re.findall(r"`(\w+)` in\s+`([\w/]+\.py)`", PAGE))))
def test_each_function_stands_in_its_file(name, path):
    file = ROOT / path if (ROOT / path).is_file() else SOURCE / path
    assert name in names_of(file)


def test_every_package_is_listed_once():
    listed = re.findall(r"`([\w/]+)`", " ".join(row[0] for row in rows("Packages, lowest first")))
    assert len(listed) == len(set(listed))
    packages = {path.parent.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("__init__.py")} - {"."}
    assert packages <= set(listed)
    assert all((SOURCE / name).is_dir() or (SOURCE / f"{name}.py").is_file() for name in listed)


def test_the_glossary_is_in_order_and_has_each_word_once():
    words = [row[0].lower() for row in rows("Glossary")]
    assert words == sorted(set(words))


def test_every_question_has_a_file():
    assert all(".py`" in row[1] or "hardware_profiles/" in row[1] for row in rows("Where to change what"))
