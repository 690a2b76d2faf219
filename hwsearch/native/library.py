"""Loads the C loops: compiled once a machine, kept in a folder of the user's own (`build`).

Small networks spend most of their training in torch's passes over memory; one C loop does what ten passes do. There is
no dependency on a compiler: where none is found, or ``HWSEARCH_NATIVE=0``, callers use torch.
"""

from __future__ import annotations

import ctypes
from functools import cache

from hwsearch.native.build import Missing, built

_POINTER, _LONG, _INT, _FLOAT = ctypes.c_void_p, ctypes.c_long, ctypes.c_int, ctypes.c_float
_FIRE = (*[_POINTER] * 4, *[_LONG] * 3, _INT, _INT, *[_LONG] * 4, _INT, _FLOAT, _FLOAT, _INT)
_SIGNATURES = {
    "fire_forward": _FIRE,
    "fire_backward": _FIRE,
    "recurrent_forward": (*[_POINTER] * 4, *[_LONG] * 4, _INT, _FLOAT, _FLOAT, _INT),
    "recurrent_backward": (*[_POINTER] * 5, *[_LONG] * 2, _FLOAT, _FLOAT, _INT),
    "conv_fits": (_LONG,) * 8,
    "conv_forward": (*[_POINTER] * 4, *[_LONG] * 4, _INT, *[_LONG] * 6),
    "conv_read_back": (*[_POINTER] * 3, *[_LONG] * 10),
    "conv_weights_back": (*[_POINTER] * 4, *[_LONG] * 4, _INT, *[_LONG] * 6),
    "depthwise_forward": (*[_POINTER] * 4, *[_LONG] * 3, _INT, *[_LONG] * 6),
    "depthwise_backward": (*[_POINTER] * 6, *[_LONG] * 3, _INT, *[_LONG] * 6),
    "quantise": (*[_POINTER] * 3, *[_LONG] * 5, _FLOAT, _FLOAT, _INT, _INT),
    "norm_forward": (*[_POINTER] * 7, *[_LONG] * 3, _FLOAT, _FLOAT),
    "norm_backward": (*[_POINTER] * 7, *[_LONG] * 3),
    "cross_entropy": (*[_POINTER] * 5, *[_LONG] * 3, _FLOAT),
    "adam": (*[_POINTER] * 5, *[_LONG] * 3, _FLOAT),
}
BLOCK = 1024
"""Neurons of a map that is pooled, and of a population that feeds itself, at most, for the loops (see neuron.h)."""

PLANE, TAPS = 16384, 64
"""Numbers of a map with the frame that a filter needs, and weights of that filter, at most (see depthwise.c)."""


def library() -> ctypes.CDLL | None:
    """Return the compiled loops, or None where they are switched off or cannot be built."""
    found = _found()
    return None if isinstance(found, Missing) else found


def why_none() -> str:
    """Return why there are no compiled loops, with the compiler's words, and what that costs; empty where there are."""
    found = _found()
    if not isinstance(found, Missing):
        return ""
    cost = "training takes 1.3 to 2.4 times as long (docs/speed.md)"
    return f"torch does what loops in C would do, and {cost}: {found}"


@cache
def _found() -> ctypes.CDLL | Missing:
    loaded = built()
    if isinstance(loaded, Missing):
        return loaded
    for name, arguments in _SIGNATURES.items():
        function = getattr(loaded, name)
        function.argtypes, function.restype = arguments, _INT if name.endswith("fits") else None
    return loaded
