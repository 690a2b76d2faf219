"""What similarity was predicted of candidates, on disk: a run that goes on tells of each what it told at first.

Sums over what a process has learned are rounded otherwise when other candidates are predicted beside one (BLAS adds in
the order that suits the shape), so a candidate that is priced again in other company would get other last digits, and
what was predicted decides. Deletable, like all of the cache: then last digits may differ.
"""

from __future__ import annotations

from collections.abc import Mapping

from hwsearch.search.store.cache import Cache

_KIND = "similarities"


class Similarities:
    """Similarities by the digests of candidates; cache None: in memory alone."""

    def __init__(self, cache: Cache | None) -> None:
        self._cache = cache
        self._known: dict[str, float] | None = None

    def get(self, digest: str) -> float | None:
        """Return what was predicted of a candidate; None: nothing yet."""
        return self._loaded().get(digest)

    def add(self, found: Mapping[str, float]) -> None:
        """Keep what was predicted just now, together: all of it or nothing."""
        self._loaded().update(found)
        if found and self._cache is not None:
            self._cache.write(self._cache.path(_KIND), {}, {_KIND: self._loaded()})

    def _loaded(self) -> dict[str, float]:
        if self._known is None:
            stored = None if self._cache is None else self._cache.read(self._cache.path(_KIND))
            values = None if stored is None else stored[1].get(_KIND)
            self._known = {}
            if isinstance(values, dict):
                self._known = {str(name): float(value) for name, value in values.items()}
        return self._known
