"""Where candidates are trained: this machine's cores, or one GPU."""

from __future__ import annotations

import torch

from hwsearch.errors import Fault, InputError

DEVICES = ("auto", "cpu", "cuda")


def find_device(name: str) -> str:
    """Return ``cpu`` or ``cuda``; ``auto`` takes the GPU where there is one.

    Raises:
        InputError: The name is unknown, or there is no GPU that torch can use.
    """
    if name not in DEVICES:
        raise InputError([unknown_device(name)])
    usable = torch.cuda.is_available()
    if name == "cuda" and not usable:
        hint = "install a CUDA build of torch, or leave --device out"
        raise InputError([Fault("--device", "cuda needs a GPU that torch can use", "none is found", hint)])
    return "cuda" if name != "cpu" and usable else "cpu"


def unknown_device(name: str) -> Fault:
    """Return what is wrong with a name that is not in ``DEVICES``."""
    return Fault("--device", f"a device must be one of {', '.join(DEVICES)}", name)
