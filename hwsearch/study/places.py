"""Where a study's keys stand in its file, for faults that are found long after the file was read.

What can only be told with the data, the device or another run at hand names a key (``data.train_size``); here it gets
the file and line of that key, or the name of the option that was put over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from hwsearch.errors import Fault
from hwsearch.study.yaml_border import Loc, YamlDocument, read_yaml

OPTIONS = {"--seed": "seed", "--data-root": "data.root"}
"""Options of the command line that are put over a study's keys (`study.model.override`)."""


def placed(faults: Iterable[Fault], path: Path | None, options: Iterable[str] = ()) -> list[Fault]:
    """Return faults that name keys of a study with the file and line of these keys, in the order of lines.

    Args:
        faults: Those that lie in another file (a profile, a data file) come last, as they are.
        path: The study's file; None, or not written yet: there is none.
        options: Which of ``OPTIONS`` were given: their names stand for the keys that they replace.
    """
    document = None if path is None or not path.exists() else read_yaml(path)
    names = {OPTIONS[option]: option for option in options}
    found = [_placed(fault, document, names) for fault in faults]
    return sorted(found, key=lambda fault: (fault.path != path, fault.line or 0))


def _placed(fault: Fault, document: YamlDocument | None, options: Mapping[str, str]) -> Fault:
    """Return one fault with its place."""
    if fault.where in options:
        return replace(fault, where=options[fault.where])
    if document is None or fault.path not in (None, document.path) or not fault.where:
        return fault
    loc: Loc = tuple(int(part) if part.isdigit() else part for part in fault.where.split("."))
    if loc[:1] not in document.lines:  # an option, or a section of defaults that is not in the file
        return fault if fault.where.startswith("--") else replace(fault, path=document.path)
    return replace(fault, path=document.path, line=document.line(loc))
