"""Samples of a loader of the user's own.

A loader is a function ``loader(root, **options)``: the folder of the study and what the study says under ``options``.
It returns the arguments of ``samples_of`` as a mapping (``x``, ``y``, ``groups``, ...), or a ``Samples``.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path

from hwsearch.data.plugins import call, find
from hwsearch.data.readers.arrays import samples_of
from hwsearch.data.samples import Samples
from hwsearch.errors import Fault, InputError, did_you_mean
from hwsearch.study.data_section import PluginData

GROUP = "hwsearch.data"
"""Of the entry points that are loaders."""
_ARGUMENTS = sorted(set(inspect.signature(samples_of).parameters) - {"places"})


def read_plugin(data: PluginData) -> Samples:
    """Call the loader that a study names.

    Raises:
        InputError: There is no such plugin, it raised something, or what it returned breaks a law of ``samples_of``.
    """
    loader = find(data.plugin, GROUP, "data.plugin")
    found = call("data.plugin", loader, Path(data.root or "."), **data.options)
    if isinstance(found, Samples):
        return found
    law = f"the loader must return a mapping with x and y, or Samples; {data.plugin} returned"
    if not isinstance(found, Mapping):
        raise InputError([Fault("data.plugin", law, type(found).__name__)])
    strange = [str(name) for name in found if name not in _ARGUMENTS]
    faults = [
        Fault("data.plugin", law, f"a key {name!r}", did_you_mean(name, _ARGUMENTS, "keys"))
        for name in strange
    ]
    faults += [Fault("data.plugin", law, f"no {name}") for name in ("x", "y") if name not in found]
    if faults:
        raise InputError(faults)
    return samples_of(**found)
