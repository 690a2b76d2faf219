"""Names of populations and connections as C identifiers, each once."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hwsearch.network.integers import IntegerNetwork

_TAKEN = {"input", "late_input", "counts", "sums", "part", "timestep", "phase", "in_bin"}
"""Members of the state that are no population."""
_KEYWORD = re.compile(
    "auto|break|case|char|const|continue|default|do|double|else|enum|extern|float|for|goto|if|inline|int|long|register|"
    "restrict|return|short|signed|sizeof|static|struct|switch|typedef|union|unsigned|void|volatile|while"
)


@dataclass(frozen=True)
class Names:
    """C identifiers.

    Attributes:
        prefix: Of everything that others see.
        populations, connections: In order.
    """

    prefix: str
    populations: tuple[str, ...]
    connections: tuple[str, ...]


def names_of(network: IntegerNetwork, prefix: str) -> Names:
    """Return a network's names."""
    return Names(
        prefix,
        _distinct([p.shape.name for p in network.populations]),
        _distinct([c.shape.name for c in network.connections]),
    )


def _distinct(names: list[str]) -> tuple[str, ...]:
    taken, found = _TAKEN, []
    for number, name in enumerate(names):
        plain = re.sub(r"[^0-9a-zA-Z]+", "_", name).strip("_").lower() or "p"
        plain = plain if plain[0].isalpha() else f"n{plain}"
        unique = f"{plain}_{number}" if plain in taken or _KEYWORD.fullmatch(plain) else plain
        while unique in taken:
            unique += "x"
        taken = taken | {unique, f"spikes_{unique}", f"late_{unique}", f"constant_{unique}"}
        found.append(unique)
    return tuple(found)
