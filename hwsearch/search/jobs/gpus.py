"""One GPU for each worker process of a machine, whoever started it: claimed by a lock that ends with the process.

Where the launcher shows each worker one GPU alone (``CUDA_VISIBLE_DEVICES``, as SLURM and Kubernetes do), that is the
one it gets.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from hwsearch.errors import NoResources

_claimed: dict[str, tuple[int, FileLock]] = {}


def pinned(names: Sequence[str], folder: Path | None = None) -> int:
    """Return which of the visible GPUs is this process's own, from now on until it ends.

    Args:
        names: Of each visible GPU, unique in the world (its UUID).
        folder: Of the locks; None: one of the user's in the system's temporary folder.

    Raises:
        NoResources: Others have them all.
    """
    place = folder or Path(tempfile.gettempdir()) / f"hwsearch-gpus-{os.getuid()}"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number, name in enumerate(names):
        if name in _claimed:
            return number
    for number, name in enumerate(names):
        lock = FileLock(place / f"{name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        _claimed[name] = (number, lock)
        return number
    law = "each worker of a machine needs a GPU of its own"
    raise NoResources(f"{law}; got {len(names)}, all taken (start no more workers than there are GPUs)")


def visible_gpus() -> list[str]:
    """Return the UUIDs of the GPUs that this process sees."""
    import torch

    return [str(torch.cuda.get_device_properties(number).uuid) for number in range(torch.cuda.device_count())]
