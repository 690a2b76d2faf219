"""Code of the user's own: installed as an entry point, or in a file that the command line names; never by a study.

Not for what a plugin is called with: that is its caller's (`readers.plugin`).
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from hwsearch.errors import Fault, HwsearchError, InputError, did_you_mean

_FROM_FILES: dict[str, Callable[..., Any]] = {}


def install(paths: Iterable[Path]) -> None:
    """Run files of ``--plugin``: each function that one defines is a plugin, by its name.

    Raises:
        InputError: A file is missing, does not run, or defines no function.
    """
    for path in paths:
        if not path.is_file():
            raise InputError(
                [Fault("--plugin", "a plugin must be a file of Python", f"no file {str(path)!r}")]
            )
        spec = importlib.util.spec_from_file_location(f"hwsearch_plugin_{path.stem}", path)
        if spec is None or spec.loader is None:
            raise InputError(
                [Fault("--plugin", "a plugin must be a file of Python", path.name, "name it .py")]
            )
        module = importlib.util.module_from_spec(spec)
        call("--plugin", spec.loader.exec_module, module)
        functions = {
            name: value
            for name, value in vars(module).items()
            if callable(value)
            and getattr(value, "__module__", "") == module.__name__
            and not name.startswith("_")
        }
        if not functions:
            raise InputError([Fault("--plugin", "a plugin must define a function", "none", path=path)])
        _FROM_FILES.update(functions)


def find(name: str, group: str, where: str) -> Callable[..., Any]:
    """Return a plugin by its name: from a file of ``--plugin``, else from an installed entry point.

    Args:
        name: As the study has it.
        group: Of entry points, such as ``hwsearch.data``.
        where: Key of the study.

    Raises:
        InputError: There is none of this name, two packages have it, or it cannot be imported.
    """
    if name in _FROM_FILES:
        return _FROM_FILES[name]
    points = importlib.metadata.entry_points(group=group)
    named = [point for point in points if point.name == name]
    law = "a plugin must be installed, or be in a file that the command line names"
    if not named:
        known = {*_FROM_FILES, *(point.name for point in points)}
        near = (
            did_you_mean(name, known, "plugins") if known else f"--plugin FILE, or an entry point of {group}"
        )
        raise InputError([Fault(where, law, repr(name), near)])
    if len({point.value for point in named}) > 1:
        got = ", ".join(sorted(point.value for point in named))
        raise InputError(
            [Fault(where, "one package only may have a plugin of this name", got, "uninstall one")]
        )
    found: Callable[..., Any] = call(where, named[0].load)
    return found


def call(where: str, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Call code of the user's; what it raises is a fault at its file and line.

    Raises:
        InputError: It raised something.
    """
    try:
        return function(*arguments, **options)
    except HwsearchError:
        raise
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        got = f"{type(error).__name__}: {error}"
        law = "the plugin must run"
        raise InputError([Fault(where, law, got, "", Path(last.filename), last.lineno)]) from error
