"""Which modules of hwsearch/ have a test file of their name: tests/a/test_b.py for hwsearch/a/b.py.

python tests/by_name.py            the share, and where the others are tested
python tests/by_name.py --write    brings tests/by_name.toml up to date first: entries that are needed no more go, and
                                   others are proposed by what test files import (look at them; ? is for you to say)
"""

import ast
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
ELSEWHERE = ROOT / "tests" / "by_name.toml"


def modules():
    """Return the modules that define something, as paths below the repository's root."""
    return [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "hwsearch").rglob("*.py"))
        if path.name != "__init__.py"
        or any(
            isinstance(node, ast.FunctionDef | ast.ClassDef)
            for node in ast.parse(path.read_text(encoding="utf-8")).body
        )
    ]


def test_of(module):
    """Return the test file of a module's name; a package's own is named after the package."""
    path = Path(module)
    place = Path("tests", *path.parts[1:-1])
    name = path.stem
    if name == "__init__":
        place, name = (place.parent, place.name) if len(path.parts) > 2 else (place, path.parts[0])
    return (place / f"test_{name}.py").as_posix()


def elsewhere():
    """Return where modules without a test file of their name are tested."""
    return tomllib.loads(ELSEWHERE.read_text(encoding="utf-8"))


def without():
    """Return the modules without a test file of their name."""
    return [module for module in modules() if not (ROOT / test_of(module)).is_file()]


def proposed(module):
    """Return the test file, of its own folder if there is one, that imports a module and the fewest others; or ?."""
    name = module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    importing = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        imported = _imported(path)
        if name in imported:
            elsewhere = path.parent.relative_to(ROOT / "tests") != Path(module).parent.relative_to("hwsearch")
            importing.append((elsewhere, len(imported), path.relative_to(ROOT).as_posix()))
    return min(importing)[-1] if importing else "?"


def _imported(path):
    """Return what a file imports of hwsearch, as modules (``from a import b`` may mean a or a.b)."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.startswith("hwsearch")}


def write():
    """Write the table anew: true entries stay, and each module without a test of its name has one."""
    listed = elsewhere()
    head = [line for line in ELSEWHERE.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    rows = [f'"{module}" = "{listed.get(module) or proposed(module)}"' for module in without()]
    ELSEWHERE.write_text("\n".join([*head, *rows]) + "\n", encoding="utf-8")


def main():
    """Print the share, and where the others are tested."""
    every, missing, listed = modules(), without(), elsewhere()
    found = len(every) - len(missing)
    print(f"test by name: {found} of {len(every)} modules ({found / len(every):.0%})")
    for module in missing:
        print(f"  {module}: {listed.get(module, 'NOWHERE')}")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        write()
    main()
