"""What probing the dense network measured, on disk: a run that goes on does not probe again.

Like all of the cache it is named by what made it, read without pickle, and deletable.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hwsearch.errors import RecordError
from hwsearch.network.store import load_tensors, save_tensors
from hwsearch.predict.probes import Probes

_ARRAYS = ("logits", "levels", "bits", "quantised")
_PRUNED = "pruned:"


@dataclass(frozen=True, eq=False)
class Probed:
    """Measurements.

    Attributes:
        probes: Of the dense network's layers; None for estimators that need none.
        settled: [N] share of the probe inputs on which a candidate agrees with the dense network.
        agree: [K, B] whether a candidate agrees on an input, of other candidates and inputs.
    """

    probes: Probes | None
    settled: np.ndarray
    agree: np.ndarray


def save_probed(path: Path, probed: Probed) -> None:
    """Write measurements."""
    arrays = {"settled": probed.settled, "agree": probed.agree.astype(np.uint8)}
    probes, values = probed.probes, dict[str, object]()
    if probes is not None:
        arrays |= {name: getattr(probes, name) for name in _ARRAYS}
        arrays |= {_PRUNED + name: changes for name, changes in probes.pruned.items()}
        values["eval_steps"] = probes.eval_steps
    save_tensors(path, arrays, values)


def load_probed(path: Path) -> Probed | None:
    """Return what `save_probed` wrote, or None where it is not kept whole."""
    try:
        arrays, values = load_tensors(path)
        settled, agree, steps = arrays["settled"], arrays["agree"].astype(bool), values.get("eval_steps")
        if not isinstance(steps, int):
            return Probed(None, settled, agree)
        pruned = {k.removeprefix(_PRUNED): changes for k, changes in arrays.items() if k.startswith(_PRUNED)}
        plain = {name: arrays[name] for name in _ARRAYS}
        return Probed(Probes(pruned=pruned, eval_steps=steps, **plain), settled, agree)
    except (RecordError, KeyError):
        return None
