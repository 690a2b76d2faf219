"""Which modules of hwsearch/ have a test file of their name: tests/a/test_b.py for hwsearch/a/b.py.

python tests/by_name.py
"""

import ast
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


def main():
    """Print the share, and where the others are tested."""
    every, missing, listed = modules(), without(), elsewhere()
    found = len(every) - len(missing)
    print(f"test by name: {found} of {len(every)} modules ({found / len(every):.0%})")
    for module in missing:
        print(f"  {module}: {listed.get(module, 'NOWHERE')}")


if __name__ == "__main__":
    main()
