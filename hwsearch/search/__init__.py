"""Candidates, batch by batch, to a Pareto front; start at `evaluate`.

The public name ``hwsearch.search`` is both this package and the function that searches arrays
(`hwsearch.api_arrays.search`): the package can be called, and hands its arguments on.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _SearchedArrays(ModuleType):
    """A package that is called as a function: Python binds a package's name in its parent once it is imported."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Search arrays: see `hwsearch.api_arrays.search`."""
        import hwsearch

        return hwsearch.api_arrays.search(*args, **kwargs)


sys.modules[__name__].__class__ = _SearchedArrays
