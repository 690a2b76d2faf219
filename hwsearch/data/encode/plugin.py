"""An encoder of the user's own: installed as an entry point of ``hwsearch.encode``, or in a file of ``--plugin``.

It is a function ``encoder(x, **options)`` of values [N, C, H, W] or [N, T0, C, H, W]; it returns whole numbers
0 .. max, [N, ...] of either kind, each sample's by that sample alone. Not for what is learned from training samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hwsearch.data.plugins import call, find
from hwsearch.data.samples import Images, Values
from hwsearch.errors import Fault, InputError

GROUP = "hwsearch.encode"
"""Of the entry points that are encoders."""
_WHERE = "data.encode.plugin"


@dataclass(frozen=True, eq=False)
class PluginEncoder:
    """An encoder by its name.

    Attributes:
        name: As the study has it.
        max: Largest whole number that it returns; 1: spikes.
        options: What it is called with.
    """

    name: str
    max: int
    options: Mapping[str, Any]

    def __call__(self, x: Values) -> Images:
        """Return what the encoder makes of values [N, ...].

        Raises:
            InputError: There is no such plugin, it raised something, or what it returned breaks a law.
        """
        encoder = find(self.name, GROUP, f"{_WHERE}.name")
        found = np.asarray(call(_WHERE, encoder, x, **self.options))
        self._check(x, found)
        alone = np.asarray(call(_WHERE, encoder, x[-1:], **self.options))
        if not np.array_equal(alone, found[-1:]):
            law = "an encoder must encode each sample by itself, the same every time"
            got = "the last sample alone becomes something else than among the others"
            raise InputError([Fault(_WHERE, law, got)])
        return np.ascontiguousarray(found, dtype=np.uint8)

    def _check(self, x: Values, found: np.ndarray) -> None:
        """Refuse an array that no network can read."""
        shape = f"shape {found.shape} of type {found.dtype}"
        if found.ndim not in (4, 5) or len(found) != len(x) or found.dtype.kind not in "iub":
            law = f"an encoder must return whole numbers [{len(x)}, C, H, W] or [{len(x)}, T0, C, H, W]"
            raise InputError([Fault(_WHERE, law, shape)])
        if found.min() < 0 or found.max() > self.max:
            law = f"an encoder must return whole numbers 0 .. {self.max} (max)"
            raise InputError([Fault(_WHERE, law, f"{found.min()} .. {found.max()}")])

    @property
    def settings(self) -> dict[str, Any]:
        """What it is called and called with; what it does is its own file's."""
        return {"name": self.name, "max": self.max, "options": dict(self.options)}
