"""What probing the dense network measured, on disk: a run that goes on does not probe again.

Like all of the cache it is named by what made it, read without pickle, and deletable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwsearch.predict.probes import Probed, Probes
from hwsearch.search.store.cache import UNREADABLE, Cache

_ARRAYS = ("logits", "levels", "bits", "quantised")
_PRUNED = "pruned:"


@dataclass(frozen=True)
class ProbeStore:
    """Where measurements are kept.

    Attributes:
        cache: Of the run.
        path: Their file in it.
    """

    cache: Cache
    path: Path

    def save(self, probed: Probed) -> None:
        """Write measurements."""
        arrays = {"settled": probed.settled, "agree": probed.agree.astype(np.uint8)}
        probes, values = probed.probes, dict[str, object]()
        if probes is not None:
            arrays |= {name: getattr(probes, name) for name in _ARRAYS}
            arrays |= {_PRUNED + name: changes for name, changes in probes.pruned.items()}
            values["eval_steps"] = probes.eval_steps
        self.cache.write(self.path, arrays, values)

    def load(self) -> Probed | None:
        """Return what `save` wrote, or None where it is not kept whole."""
        stored = self.cache.read(self.path)
        if stored is None:
            return None
        try:
            return _probed_from(*stored)
        except UNREADABLE as error:
            self.cache.discard(self.path, f"it says no probes: {error!r}")
            return None


def _probed_from(arrays: Mapping[str, np.ndarray], values: Mapping[str, Any]) -> Probed:
    settled, agree, steps = arrays["settled"], arrays["agree"].astype(bool), values.get("eval_steps")
    if not isinstance(steps, int):
        return Probed(None, settled, agree)
    pruned = {k.removeprefix(_PRUNED): changes for k, changes in arrays.items() if k.startswith(_PRUNED)}
    plain = {name: arrays[name] for name in _ARRAYS}
    return Probed(Probes(pruned=pruned, eval_steps=steps, **plain), settled, agree)
