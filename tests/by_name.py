"""Which modules have a test file of their name, and where the others are tested.

    python tests/by_name.py            prints the share that is found by name, and the list of the others
    python tests/by_name.py --write    brings tests/elsewhere.txt up to date: entries that are needed no more go, and
                                       new ones are proposed by what test files import (look at them)

``hwsearch/a/b.py`` is tested in ``tests/a/test_b.py``. A file that only has a docstring needs no test.
"""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "tests" / "elsewhere.txt"
UNKNOWN = "?"


def modules():
    """Return the paths, relative to the project, of all modules with any code in them."""
    paths = sorted((ROOT / "hwsearch").rglob("*.py"))
    return [path.relative_to(ROOT).as_posix() for path in paths if _has_code(path)]


def _has_code(path):
    statements = ast.parse(path.read_text(encoding="utf-8")).body
    return any(
        not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) for node in statements
    )


def own_test(module):
    """Return the path of the test file that has a module's name, whether it exists or not."""
    path = Path(module)
    return Path("tests", *path.parts[1:-1], f"test_{path.stem}.py").as_posix()


def without_own_test():
    """Return the modules that have no test file of their name."""
    return [module for module in modules() if not (ROOT / own_test(module)).is_file()]


def elsewhere():
    """Return module -> test file of those that are tested under another name, as the table says."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return dict(line.split() for line in lines if line and not line.startswith("#"))


def proposed(module):
    """Return the test file that imports a module and the fewest others; of its own folder if there is one."""
    dotted = module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    importing = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        imported = _imported(path)
        if dotted in imported:
            at_home = path.parent.relative_to(ROOT / "tests") == Path(module).parent.relative_to("hwsearch")
            importing.append((not at_home, len(imported), path.relative_to(ROOT).as_posix()))
    return min(importing)[-1] if importing else UNKNOWN


def _imported(path):
    """Return all that a file imports of hwsearch, as modules (``from a import b`` may mean a or a.b)."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.startswith("hwsearch")}


def write_table():
    """Write the table anew: entries stay where they are still needed and true."""
    known = elsewhere()
    rows = []
    for module in without_own_test():
        entry = known.get(module, UNKNOWN)
        rows.append((module, entry if (ROOT / entry).is_file() else proposed(module)))
    width = max((len(module) for module, _ in rows), default=0)
    head = (
        "# Modules without a test file of their name, and the file that tests them. See tests/by_name.py.\n"
    )
    TABLE.write_text(
        head + "".join(f"{module:<{width}}  {test}\n" for module, test in rows), encoding="utf-8"
    )


def summary():
    """Return the share of modules whose tests are found by their name, in words."""
    every, others = modules(), without_own_test()
    found = len(every) - len(others)
    return f"{found} of {len(every)} modules have a test file of their name ({found / len(every):.0%})"


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write_table()
    table = elsewhere()
    for module in without_own_test():
        print(f"{module:<48} {table.get(module, UNKNOWN)}")
    print(summary())
