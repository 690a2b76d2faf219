"""A candidate: one way to prune and quantise the dense network.

Its layers are the prunable connections of the network, in their order (`graph.NetworkSpec.prunable`): ``bits`` and
``granularities`` give a value for each of them, whether the candidate has one for all or one a layer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from hwsearch.study.digest import digest


@dataclass(frozen=True)
class Candidate:
    """The knobs of one candidate.

    Attributes:
        sparsity: Fraction pruned: one for the whole network, or one a layer.
        granularity: ``weight``, ``nm:4``, ..., ``channel``: one for the whole network, or one a layer where those that
            are pruned differ; then there is a sparsity a layer too, and what is not pruned has ``weight``.
        weight_bits: Bits of a weight: one for the whole network, or one a layer.
        timesteps: T.
        network: Which of the study's networks it is cut from, from 0 on.
        state_bits: Width of its membranes; None: the device's own.
    """

    sparsity: tuple[float, ...]
    granularity: str | tuple[str, ...]
    weight_bits: tuple[int, ...]
    timesteps: int
    network: int = 0
    state_bits: int | None = None

    @cached_property
    def digest(self) -> str:
        """16 hex digits that name its record; a knob that came later is in them only where it is turned."""
        granularity = self.granularity if isinstance(self.granularity, str) else list(self.granularity)
        later = {"network": self.network or None, "state_bits": self.state_bits}
        return digest(
            {
                "sparsity": list(self.sparsity),
                "granularity": granularity,
                "weight_bits": list(self.weight_bits),
                "timesteps": self.timesteps,
                **{name: value for name, value in later.items() if value is not None},
            }
        )

    def bits(self, n_layers: int) -> tuple[int, ...]:
        """Return the bits of each layer."""
        return self.weight_bits * n_layers if len(self.weight_bits) == 1 else self.weight_bits

    def granularities(self, n_layers: int) -> tuple[str, ...]:
        """Return the granularity of each layer."""
        return (self.granularity,) * n_layers if isinstance(self.granularity, str) else self.granularity


def snap(granularity: str, sparsity: float) -> float:
    """Return the sparsity that a granularity can have nearest to the one asked for.

    ``nm:m`` can have 1 - n/m for n in 1..m; of two as near the sparser is taken. Others are unchanged.
    """
    if not granularity.startswith("nm:"):
        return sparsity
    m = int(granularity[3:])
    return min((1 - n / m for n in range(1, m + 1)), key=lambda step: abs(step - sparsity))


@lru_cache(maxsize=4096)  # of few steps and granularities, asked again and again
def rounded_snap(granularity: str, sparsity: float) -> float:
    """Return a snapped sparsity without the error of its last binary places: equal ones compare equal."""
    return round(snap(granularity, sparsity), 12)


def canonical(candidate: Candidate) -> Candidate:
    """Return the one spelling of a candidate.

    A granularity counts only where something is pruned by it: one for all where those layers agree.
    """
    names = candidate.granularities(len(candidate.sparsity))
    cuts = [(name, rounded_snap(name, s)) for name, s in zip(names, candidate.sparsity, strict=True)]
    used = {name for name, step in cuts if step}
    granularity: str | tuple[str, ...] = tuple(name if step else "weight" for name, step in cuts)
    if len(used) < 2:
        granularity = min(used, default="weight")
    sparsity = tuple(step for _, step in cuts)
    return replace(candidate, sparsity=sparsity if used else sparsity[:1], granularity=granularity)
