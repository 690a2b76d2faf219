"""What no candidate of a space can cost less than: told before anything is trained, from counts alone.

Exactly k groups of weights are removed, whichever they are, and with them the channels that nothing reads or feeds any
more; what must be left takes at least its bits. The cheapest candidate of a granularity is the sparsest, with the
fewest bits and timesteps; it is priced as if what must be left of it lay as closely as any mask could lay it, and as if
no event ever came. A candidate is refused by its price before training, which is never less. Where even these are
refused, nothing fits: the search would have trained the dense network, and refused all others one by one. Not for what
fits: a mask that magnitudes draw costs more, and often much.

Left out is the rule that packs layers into cores: a heuristic may pack less worse than more.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hwsearch.hardware.cost_model import Cost, price
from hwsearch.hardware.rules.check import violations
from hwsearch.hardware.workload import (
    BLOCKS,
    DELTA_BITS,
    LANES,
    NM_GROUPS,
    LayerWork,
    OpCounts,
    WeightCensus,
    Workload,
)
from hwsearch.network.topology import LayerShape, NetworkSpec
from hwsearch.plan.plan import Plan
from hwsearch.plan.pricing import Priced, held_to
from hwsearch.space.candidate import Candidate

_MOST_ALLOCATIONS = 2048
_HEURISTIC = "cores_hold_everything"


@dataclass(frozen=True)
class Corner:
    """The cheapest candidate of a granularity, at the least that it can cost."""

    candidate: Candidate
    priced: Priced

    @property
    def worst(self) -> float:
        """Need over limit, minus 1, of what it breaks most."""
        return max(self.priced.constraints.values(), default=0.0)


@dataclass(frozen=True)
class Kept:
    """What a mask must leave.

    Attributes:
        weights: In each layer, at least, between channels that stay.
        total: Of all layers together, at least.
        channels: Of each layer, at least.
        whole: Whether it is channels that go, and what is left has every weight.
    """

    weights: tuple[int, ...]
    total: int
    channels: tuple[int, ...]
    whole: bool = False


def cheapest(plan: Plan) -> list[Corner]:
    """Return the cheapest candidate of each granularity of the space, nearest to the budgets first."""
    corners = [
        min(least_prices(plan, granularity), key=lambda corner: corner.worst)
        for granularity in plan.space.granularity
    ]
    return sorted(corners, key=lambda corner: corner.worst)


def least_prices(plan: Plan, granularity: str) -> list[Corner]:
    """Return the cheapest candidate of a granularity, for each way that its channels may be shared out.

    Every candidate of the granularity costs at least as much as one of these in everything.
    """
    candidate = _cheapest_of(plan, granularity)
    return [Corner(candidate, _least_price(plan, candidate, kept)) for kept in _least_kept(plan, candidate)]


def miss_words(plan: Plan, nearest: Corner) -> str:
    """Say that nothing fits, what comes nearest, and which budget binds."""
    candidate, constraints = nearest.candidate, nearest.priced.constraints
    name = max(constraints, key=lambda own: constraints[own])
    knobs = (
        f"sparsity {max(candidate.sparsity):g}, granularity {candidate.granularity}, "
        f"weight_bits {min(candidate.weight_bits)}, timesteps {candidate.timesteps}"
    )
    said = (
        "nothing fits, whatever is trained (nothing was). Nearest miss: the cheapest candidate of the space"
    )
    if name not in plan.study.device.budgets:
        return f"{said} ({knobs}): {nearest.priced.faults[0]}"
    limit, need = plan.study.device.budgets[name], nearest.priced.fields[name]
    return (
        f"{said} ({knobs}): needs {name} {need:,.6g} at least, the budget is {limit:,.6g} "
        f"({constraints[name] + 1:.2f} times). The budget that binds is {name}"
    )


def _cheapest_of(plan: Plan, granularity: str) -> Candidate:
    """Return the sparsest candidate of a granularity, with the fewest bits and timesteps."""
    setting: dict[str, str | int] = {
        name: len(plan.space.sparsity) - 1 if name.startswith("sparsity") else 0 for name in plan.space.knobs
    }
    return plan.space.candidate(setting | {"granularity": granularity})


def _least_kept(plan: Plan, candidate: Candidate) -> Iterator[Kept]:
    """Yield what a candidate's mask must leave; for channels, each way to share them out over the layers."""
    layers = plan.spec.layers
    sparsities = candidate.sparsity * len(layers) if len(candidate.sparsity) == 1 else candidate.sparsity
    apart = plan.study.space.scope == "layer" or len(candidate.sparsity) > 1
    if candidate.granularity != "channel":
        yield _kept_weights(layers, candidate.granularity, sparsities, apart=apart)
        return
    sizes = [layer.out_channels for layer in layers[:-1]]
    if apart:
        ways = [tuple(max(1, n - _removed(s, n)) for n, s in zip(sizes, sparsities, strict=False))]
    else:
        ways = _allocations(sizes, sum(sizes) - _removed(sparsities[0], sum(sizes)))
    for hidden in ways:
        channels = (*hidden, layers[-1].out_channels)
        weights = tuple(
            _size(layer, *own) for layer, own in zip(layers, _widths(layers, channels), strict=True)
        )
        yield Kept(weights, sum(weights), channels, whole=True)


def _kept_weights(
    layers: Sequence[LayerShape], granularity: str, sparsities: Sequence[float], *, apart: bool
) -> Kept:
    """Return what is left where groups of weights are removed, of each layer or of all together."""
    sizes = [math.prod(layer.weight_shape) for layer in layers]
    if granularity.startswith("nm:") or apart:
        pairs = zip(layers, sparsities, strict=True)
        gone = [_most_removed([layer], granularity, sparsity) for layer, sparsity in pairs]
        together = sum(gone)
    else:
        together = _most_removed(layers, granularity, sparsities[0])
        gone = [
            min(together, n) if _groups(own, granularity) else 0 for own, n in zip(layers, sizes, strict=True)
        ]
    channels = _least_channels(layers, gone)
    blocks = [_size(layer, *own) for layer, own in zip(layers, _widths(layers, channels), strict=True)]
    weights = tuple(max(0, n - out) for n, out in zip(blocks, gone, strict=True))
    return Kept(weights, max(sum(weights), sum(blocks) - together), channels)


def _least_channels(layers: Sequence[LayerShape], gone: Sequence[int]) -> tuple[int, ...]:
    """Return the channels of each layer that must stay when so many weights of each layer are removed.

    A channel goes for good when no channel that stays reads it, or when none feeds it (`network.fold.shrink`): all
    weights between it and those must have been removed. Inputs and the readout's channels stay.
    """
    channels = [layer.out_channels for layer in layers]
    for place in reversed(range(len(layers) - 1)):
        after, own = layers[place + 1], layers[place]
        fed_by = own.in_channels if place == 0 else own.fan_columns
        unread = gone[place + 1] // (channels[place + 1] * after.fan_columns * after.kernel**2)
        unfed = gone[place] // (fed_by * own.kernel**2)
        channels[place] = max(1, channels[place] - unread - unfed)
    return tuple(channels)


def _groups(layer: LayerShape, granularity: str) -> dict[int, int]:
    """Return how many groups of each size a layer has; none where it is not pruned."""
    rows, columns = layer.out_channels, math.prod(layer.weight_shape[1:])
    if granularity == "weight":
        return {1: rows * columns}
    if granularity == "kernel":
        return {} if layer.kind == "fc" else {layer.kernel**2: rows * layer.in_channels}
    length = int(granularity.partition(":")[2])
    whole, tail = divmod(columns, length)
    return {length: rows * whole} | ({tail: rows} if tail else {})


def _most_removed(layers: Sequence[LayerShape], granularity: str, sparsity: float) -> int:
    """Return the most weights that a fraction of all groups of these layers can be (see `compress.masks`)."""
    kind, _, length = granularity.partition(":")
    if kind == "nm":
        stay = round((1 - sparsity) * int(length))
        return sum(
            count * (size - min(size, -(-stay * size // int(length))))
            for size, count in _all_groups(layers, granularity)
        )
    groups = sorted(_all_groups(layers, granularity), reverse=True)
    left, total = _removed(sparsity, sum(count for _, count in groups)), 0
    for size, count in groups:
        total += size * min(left, count)
        left -= min(left, count)
    return total


def _all_groups(layers: Sequence[LayerShape], granularity: str) -> list[tuple[int, int]]:
    """Return (size, how many) of the groups of several layers."""
    return [own for layer in layers for own in _groups(layer, granularity).items()]


def _removed(sparsity: float, n: int) -> int:
    """Return how many of n groups go, at most (see `compress.masks`)."""
    return math.floor(sparsity * n + 0.5)


def _allocations(sizes: Sequence[int], total: int) -> list[tuple[int, ...]]:
    """Return each way to share out channels over layers, or where there are too many, the least of each layer."""
    least = [max(1, total - sum(sizes) + n) for n in sizes]
    ranges = [range(low, high + 1) for low, high in zip(least, sizes, strict=True)][:-1]
    if math.prod(len(own) for own in ranges) > _MOST_ALLOCATIONS:
        return [tuple(least)]
    ways = [(*first, max(1, total - sum(first))) for first in itertools.product(*ranges)]
    return [own for own in ways if own[-1] <= sizes[-1]]


def _widths(layers: Sequence[LayerShape], channels: Sequence[int]) -> list[tuple[int, int]]:
    """Return the outputs and inputs of each layer's weights."""
    read = [
        layers[0].in_channels,
        *(n * layer.fan_columns for n, layer in zip(channels, layers[1:], strict=False)),
    ]
    return list(zip(channels, read, strict=True))


def _size(layer: LayerShape, out: int, read: int) -> int:
    return out * read * layer.kernel**2


def _least_price(plan: Plan, candidate: Candidate, kept: Kept) -> Priced:
    """Return the least that a candidate costs which leaves at least this."""
    spec, bits = plan.spec, min(candidate.weight_bits)
    workload = _workload(spec, kept, bits, candidate.timesteps)
    cost = price(workload, plan.profile)
    if plan.profile.model is None:  # packed: every weight takes its bits, wherever it lies
        cost = _with_weights(plan, cost, -(-kept.total * bits // 8))
    neuron, reset = spec.neuron_model, spec.reset
    broken = violations(workload, plan.profile, neuron_model=neuron, reset=reset, cost=cost)
    return held_to(plan, cost, [own for own in broken if own.rule != _HEURISTIC])


def _with_weights(plan: Plan, cost: Cost, n_bytes: int) -> Cost:
    """Return a cost with at least so many bytes of weights."""
    more = max(0, n_bytes - cost.weight_bytes)
    holds = {bank.name: "weights" in bank.holds for bank in plan.profile.banks}
    banks = tuple((name, held + more if holds[name] else held) for name, held in cost.banks)
    return replace(
        cost, weight_bytes=cost.weight_bytes + more, memory_bytes=cost.memory_bytes + more, banks=banks
    )


def _workload(spec: NetworkSpec, kept: Kept, bits: int, timesteps: int) -> Workload:
    """Return the work of a network that has only what is left, packed as closely as can be, and never an event."""
    last, works = len(spec.layers) - 1, []
    for place, (shape, (out, read)) in enumerate(
        zip(spec.layers, _widths(spec.layers, kept.channels), strict=True)
    ):
        pixels = shape.in_size[0] * shape.in_size[1] if shape.kind == "conv" else 1
        works.append(
            LayerWork(
                name=shape.name,
                role="input" if place == 0 else "readout" if place == last else "hidden",
                kind=shape.kind,
                analog=place == 0,
                weight_bits=bits,
                census=_census(shape, out, read, kept.weights[place], channels=kept.whole),
                neurons=out * shape.out_size[0] * shape.out_size[1],
                inputs=math.prod(spec.input_shape) if place == 0 else read * pixels,
                ops=OpCounts(0.0, 0.0, (0.0,) * len(BLOCKS), 0.0),
                spikes_in=0.0,
                spikes_out=0.0,
                out_size=shape.out_size,
                pool=shape.pool,
                fan_columns=shape.fan_columns,
            )
        )
    return Workload(timesteps, spec.input_bits, tuple(works))


def _census(shape: LayerShape, out: int, read: int, weights: int, *, channels: bool) -> WeightCensus:
    """Return the least that can be counted of a layer with so many weights: no mask of it counts less."""
    size = math.prod(shape.weight_shape)
    held, area = min(weights, _size(shape, out, read)), shape.kernel**2
    # where all stays, or whole channels go, the layer is known; else its weights may lie anywhere
    known = weights == _size(shape, out, read) and (channels or weights == size)
    rows, size = (out, held) if known else (shape.out_channels, size)
    return WeightCensus(
        out_channels=out,
        in_channels=read,
        kernel_area=area,
        nonzero=held,
        blocks=tuple(-(-held // length) for length in BLOCKS),
        nm_most=tuple(-(-held * m // size) for m in NM_GROUPS),
        planes=-(-held // area),
        delta_entries=(held,) * len(DELTA_BITS),
        row_counts=(*(0,) * (out * area if known else 0), read),
        fan_in_most=-(-held // rows),
        outputs_used=min(out, -(-held * rows // size)),
        lane_reads=tuple(-(-held // lanes) for lanes in LANES),
    )
