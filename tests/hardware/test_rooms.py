"""The order of hardware's modules and rooms, as its docstring has it, held by reading the imports."""

import ast
import graphlib
import re
from pathlib import Path

import hwsearch.hardware

FOLDER = Path(hwsearch.hardware.__file__).parent
ORDER = re.findall(r"^    (\w+)/? +\S", hwsearch.hardware.__doc__, re.MULTILINE)
PREFIX = "hwsearch.hardware."


def arrows():
    """Yield (module, module that it imports) inside hardware, imports within functions included."""
    for path in sorted(FOLDER.rglob("*.py")):
        module = ".".join(path.relative_to(FOLDER).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "hwsearch.hardware":
                yield from ((module, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PREFIX):
                yield module, node.module.removeprefix(PREFIX)


def room(module):
    return module.partition(".")[0]


def test_the_docstring_lists_every_module_and_room_once():
    entries = {
        path.stem for path in FOLDER.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert sorted(ORDER) == sorted(entries - {"__init__"})


def test_imports_run_downwards():
    upward = [
        f"{module} imports {target}"
        for module, target in arrows()
        if ORDER.index(room(target)) > ORDER.index(room(module))
    ]
    assert upward == []


def test_no_module_is_part_of_a_circle():
    graph: dict[str, set[str]] = {}
    for module, target in arrows():
        graph.setdefault(module, set()).add(target)
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) > 20
