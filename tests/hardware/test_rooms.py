"""The rooms of hardware/ form no circle: each imports only rooms above it in the list of the package's docstring."""

import ast
import re
from pathlib import Path

import hwsearch.hardware

FOLDER = Path(hwsearch.hardware.__file__).parent
PREFIX = "hwsearch.hardware."
LISTED = re.findall(r"^- ([a-z_, ]+):", hwsearch.hardware.__doc__, re.MULTILINE)
LEVELS = {room: level for level, rooms in enumerate(LISTED) for room in rooms.split(", ")}


def arrows():
    """Yield (importing module, imported module) within hardware/, both dotted; imports for types only count too."""
    for path in sorted(FOLDER.rglob("*.py")):
        place = ".".join(path.relative_to(FOLDER).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PREFIX.rstrip(".")):
                inside = node.module.removeprefix(PREFIX.rstrip(".")).removeprefix(".")
                names = [inside] if "." in inside or inside in LEVELS else []
                if inside in ("", "profiles", "rules", "families", "validation"):
                    names = [f"{inside}.{alias.name}".removeprefix(".") for alias in node.names]
                for name in names:
                    yield place, name


def room(module):
    return module.partition(".")[0]


def test_every_room_is_listed_once():
    found = {
        path.stem for path in FOLDER.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert found - {"__init__"} == set(LEVELS)
    assert len(LEVELS) == sum(rooms.count(",") + 1 for rooms in LISTED)


def test_each_room_imports_only_rooms_above_it_in_the_list():
    wrong = [
        f"{place} imports {name}"
        for place, name in arrows()
        if room(place) != room(name) and LEVELS[room(name)] >= LEVELS[room(place)]
    ]
    assert wrong == []
    assert ("cost_model", "families.packed") in set(arrows())  # the reading of imports finds what there is


def test_no_two_modules_of_a_room_import_each_other():
    below = {}
    for place, name in arrows():
        if room(place) == room(name):
            below.setdefault(place, set()).add(name)
    for place in below:
        reached, todo = set(), [place]
        while todo:
            for name in below.get(todo.pop(), ()):
                if name not in reached:
                    reached.add(name)
                    todo.append(name)
        assert place not in reached


def test_no_family_knows_another():
    families = {(place, name) for place, name in arrows() if room(place) == room(name) == "families"}
    assert {name for _, name in families} == {"families.parts", "families.storing"}
