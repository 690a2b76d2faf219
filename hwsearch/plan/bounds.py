"""What no candidate of a space can cost less than: told before anything is trained, from counts alone.

Exactly k groups of weights are removed, whichever they are, and with them the channels that nothing reads or feeds any
more; what must be left takes at least its bits. The cheapest candidate of a granularity is the sparsest, with the
fewest bits and timesteps, and with the narrowest input of any number of timesteps (frames that are added up to fewer
take more bits); it is priced as if what must be left of it lay as closely as any mask could lay it, and as if
no event ever came. A candidate is refused by its price before training, which is never less. Where even these are
refused, nothing fits: the search would have trained the dense network, and refused all others one by one. Not for what
fits: a mask that magnitudes draw costs more, and often much.

Left out is the rule that packs layers into cores: a heuristic may pack less worse than more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hwsearch.graph.graph import INPUT, Connection, NetworkSpec
from hwsearch.hardware.cost_model import Cost, price
from hwsearch.hardware.device import PerCycle
from hwsearch.hardware.rules.check import violations
from hwsearch.hardware.workload import (
    BLOCKS,
    DELTA_BITS,
    LANES,
    NM_GROUPS,
    ConnectionWork,
    OpCounts,
    WeightCensus,
    Workload,
)
from hwsearch.measure.workload import connection_work, input_bits, population_work
from hwsearch.plan.plan import Plan
from hwsearch.plan.pricing import Price, held_to
from hwsearch.plan.remainders import Remainder, least_of_any, least_remainders, n_weights, widths
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
    """Return the cheapest candidate of each network and granularity of the space, nearest to the budgets first.

    Where layers choose their granularity, one that each candidate costs at least as much as.
    """
    corners = [corner for number in range(len(plan.networks)) for corner in _cheapest(plan.at(number))]
    return sorted(corners, key=lambda corner: corner.worst)


def _cheapest(plan: Plan) -> list[Corner]:
    """Return the corners of a plan of one network."""
    if plan.space.per_layer and "granularity" in plan.space.apart:
        candidate = _cheapest_of(plan, plan.space.granularity[0])
        remainder = least_of_any(plan.spec, plan.space.granularity, max(plan.space.sparsity))
        return [Corner(candidate, _least_price(plan, candidate, remainder))]
    return [
        min(least_prices(plan, granularity), key=lambda corner: corner.worst)
        for granularity in plan.space.granularity
    ]


def least_prices(plan: Plan, granularity: str) -> list[Corner]:
    """Return the cheapest candidate of a granularity, for each way that its channels may be shared out.

    The plan is of one network.

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
    knobs += f", state_bits {candidate.state_bits}" if candidate.state_bits else ""
    knobs += f", network {plan.names[candidate.network]}" if plan.names else ""
    said = (
        "nothing fits, whatever is trained (nothing was). Nearest miss: the cheapest candidate of the space"
    )
    if name not in plan.study.device.budgets:
        return f"{said} ({knobs}): {nearest.priced.rule}"
    limit, need = plan.study.device.budgets[name], nearest.priced.fields[name]
    return (
        f"{said} ({knobs}): needs {name} {need:,.6g} at least, the budget is {limit:,.6g} "
        f"({constraints[name] + 1:.2f} times). The budget that binds is {name}"
    )


def _cheapest_of(plan: Plan, granularity: str) -> Candidate:
    """Return the sparsest candidate of a granularity, with the fewest bits and timesteps."""
    space = plan.space
    return space.uniform(max(space.sparsity), granularity, min(space.weight_bits), min(space.timesteps))


def _least_price(plan: Plan, candidate: Candidate, remainder: Remainder) -> Price:
    """Return the least that a candidate costs which leaves at least this."""
    spec, bits = plan.spec, min(candidate.weight_bits)
    workload = _workload(spec, remainder, bits, plan.space.timesteps)
    workload = replace(workload, state_bits=candidate.state_bits)
    cost = price(workload, plan.profile)
    if plan.profile.model is None:  # packed: every weight takes its bits, wherever it lies
        cost = _with_weights(plan, cost, -(-remainder.total * bits // 8))
    if plan.profile.priced_core is not None:
        cost = _without_kernels(plan, cost, workload)
    broken = violations(workload, plan.profile, cost=cost)
    return held_to(plan, cost, [violation for violation in broken if violation.rule != _HEURISTIC])


def _with_weights(plan: Plan, cost: Cost, n_bytes: int) -> Cost:
    """Return a cost with at least so many bytes of weights."""
    more = max(0, n_bytes - cost.weight_bytes)
    holds = {bank.name: "weights" in bank.holds for bank in plan.profile.banks}
    banks = tuple((name, held + more if holds[name] else held) for name, held in cost.banks)
    return replace(
        cost, weight_bytes=cost.weight_bytes + more, memory_bytes=cost.memory_bytes + more, banks=banks
    )


def _without_kernels(plan: Plan, cost: Cost, workload: Workload) -> Cost:
    """Return a cost whose code and time are those of neurons alone: another mask may need another, cheaper kernel."""
    neurons = price(replace(workload, connections=()), plan.profile)
    less = cost.code_bytes - neurons.code_bytes
    holds = {bank.name: "weights" in bank.holds for bank in plan.profile.banks}
    banks = tuple((name, held - less if holds[name] else held) for name, held in cost.banks)
    return replace(
        cost,
        code_bytes=neurons.code_bytes,
        memory_bytes=cost.memory_bytes - less,
        banks=banks,
        latency_s=neurons.latency_s,
        energy_j=neurons.energy_j if isinstance(plan.profile.energy, PerCycle) else cost.energy_j,
    )


def _workload(spec: NetworkSpec, remainder: Remainder, bits: int, timesteps: Sequence[int]) -> Workload:
    """Return the work of a network that has only what is left, packed as closely as can be, and never an event.

    Args:
        spec: The architecture.
        remainder: What is left.
        bits: Of a weight.
        timesteps: All that a candidate may have; the fewest are worked off.
    """
    analog = all(spec.input.analog(t) for t in timesteps)
    return Workload(
        min(timesteps),
        min(input_bits(spec.input, t) for t in timesteps),
        tuple(
            _connection(c, remainder, place, bits, analog=analog) for place, c in enumerate(spec.connections)
        ),
        tuple(
            population_work(replace(population, channels=n), 0.0)
            for population, n in zip(spec.populations, remainder.channels, strict=True)
        ),
        math.prod(spec.input.shape),
        spec.input.still,
        spec.readout,
    )


def _connection(
    shape: Connection, remainder: Remainder, place: int, bits: int, *, analog: bool
) -> ConnectionWork:
    """Return the work of what is left of one connection."""
    out, read = widths(shape, remainder.channels)
    pixels = shape.in_size[0] * shape.in_size[1] if shape.kind == "conv" else 1
    return connection_work(
        shape,
        analog=analog and shape.source == INPUT,
        weight_bits=bits,
        census=_census(shape, out, read, remainder.weights[place], channels=remainder.whole),
        inputs=(out if shape.depthwise else read) * pixels,
        ops=OpCounts(0.0, 0.0, (0.0,) * len(BLOCKS), 0.0),
        spikes_in=0.0,
    )


def _census(shape: Connection, out: int, read: int, weights: int, *, channels: bool) -> WeightCensus:
    """Return the least that can be counted of a connection with so many weights: no mask of it counts less."""
    size, held = shape.n_weights, min(weights, n_weights(shape, out, read))
    groups = out if shape.depthwise else 1
    # where all stays, or whole channels go, the weights are known; else they may lie anywhere
    known = weights == n_weights(shape, out, read) and (channels or weights == size)
    rows, size = (out, held) if known else (shape.out_channels, size)
    return WeightCensus(
        out_channels=out,
        in_channels=read,
        kernel_area=shape.area,
        nonzero=held,
        blocks=tuple(-(-held // length) for length in BLOCKS),
        nm_most=tuple(-(-held * m // size) for m in NM_GROUPS),
        planes=-(-held // shape.area),
        delta_entries=(held,) * len(DELTA_BITS),
        row_counts=(*(0,) * (out // groups * shape.area if known else 0), groups * read),
        fan_in_most=-(-held // rows),
        outputs_used=min(out, -(-held * rows // size)),
        lane_reads=tuple(-(-held // lanes) for lanes in LANES),
        groups=groups,
    )
