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

import math
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
from hwsearch.plan.pricing import Price, held_to
from hwsearch.plan.remainders import Remainder, layer_widths, least_remainders, n_weights
from hwsearch.space.candidate import Candidate

_HEURISTIC = "cores_hold_everything"


@dataclass(frozen=True)
class Corner:
    """The cheapest candidate of a granularity, at the least that it can cost."""

    candidate: Candidate
    priced: Price

    @property
    def worst(self) -> float:
        """Need over limit, minus 1, of what it breaks most."""
        return max(self.priced.constraints.values(), default=0.0)


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
    return [
        Corner(candidate, _least_price(plan, candidate, remainder))
        for remainder in least_remainders(plan, candidate)
    ]


def miss_words(plan: Plan, nearest: Corner) -> str:
    """Say that nothing fits, what comes nearest, and which budget binds."""
    candidate, constraints = nearest.candidate, nearest.priced.constraints
    name = max(constraints, key=lambda budget: constraints[budget])
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


def _least_price(plan: Plan, candidate: Candidate, remainder: Remainder) -> Price:
    """Return the least that a candidate costs which leaves at least this."""
    spec, bits = plan.spec, min(candidate.weight_bits)
    workload = _workload(spec, remainder, bits, candidate.timesteps)
    cost = price(workload, plan.profile)
    if plan.profile.model is None:  # packed: every weight takes its bits, wherever it lies
        cost = _with_weights(plan, cost, -(-remainder.total * bits // 8))
    neuron, reset = spec.neuron_model, spec.reset
    broken = violations(workload, plan.profile, neuron_model=neuron, reset=reset, cost=cost)
    return held_to(plan, cost, [violation for violation in broken if violation.rule != _HEURISTIC])


def _with_weights(plan: Plan, cost: Cost, n_bytes: int) -> Cost:
    """Return a cost with at least so many bytes of weights."""
    more = max(0, n_bytes - cost.weight_bytes)
    holds = {bank.name: "weights" in bank.holds for bank in plan.profile.banks}
    banks = tuple((name, held + more if holds[name] else held) for name, held in cost.banks)
    return replace(
        cost, weight_bytes=cost.weight_bytes + more, memory_bytes=cost.memory_bytes + more, banks=banks
    )


def _workload(spec: NetworkSpec, remainder: Remainder, bits: int, timesteps: int) -> Workload:
    """Return the work of a network that has only what is left, packed as closely as can be, and never an event."""
    last, works = len(spec.layers) - 1, []
    for place, (shape, (out, read)) in enumerate(
        zip(spec.layers, layer_widths(spec.layers, remainder.channels), strict=True)
    ):
        pixels = shape.in_size[0] * shape.in_size[1] if shape.kind == "conv" else 1
        works.append(
            LayerWork(
                name=shape.name,
                role="input" if place == 0 else "readout" if place == last else "hidden",
                kind=shape.kind,
                analog=place == 0,
                weight_bits=bits,
                census=_census(shape, out, read, remainder.weights[place], channels=remainder.whole),
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
    held, area = min(weights, n_weights(shape, out, read)), shape.kernel**2
    # where all stays, or whole channels go, the layer is known; else its weights may lie anywhere
    known = weights == n_weights(shape, out, read) and (channels or weights == size)
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
