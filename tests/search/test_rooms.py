"""The rooms of search/: what each may import of the others, as docs/architecture.md says."""

import ast
from pathlib import Path

import hwsearch

SEARCH = Path(hwsearch.__file__).parent / "search"
MAY_IMPORT = {
    "jobs": set(),
    "store": set(),
    "decide": set(),
    "stages": {"jobs", "store", "decide"},
    "top": {"jobs", "store", "decide", "stages"},
}
MOST_ARROWS = 57  # a third of what they were when search/ was one room, and ten for what came since


def room(parts):
    return parts[0] if (SEARCH / parts[0]).is_dir() else "top"


def arrows():
    """Return (room, other room, what imports what) of every import from one room in another."""
    found = []
    for path in sorted(SEARCH.rglob("*.py")):
        here = room(path.relative_to(SEARCH).parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hwsearch.search."):
                there = room(node.module.split(".")[2:])
                found.append((here, there, f"{path.name} imports {node.module}"))
    return [arrow for arrow in found if arrow[0] != arrow[1]]


def test_every_room_is_known():
    rooms = {path.parent.name for path in SEARCH.glob("*/__init__.py")}
    assert rooms | {"top"} == set(MAY_IMPORT)


def test_rooms_import_downwards_only():
    assert [words for here, there, words in arrows() if there not in MAY_IMPORT[here]] == []


def test_there_are_few_arrows_between_rooms():
    assert 0 < len(arrows()) <= MOST_ARROWS
