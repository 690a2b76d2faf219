"""What a C network does in a timestep, statement by statement, and the state that it needs.

A population's connections share one array of sums. Where no sum is clipped or rounded, connections with more fraction
bits come first and the sums are multiplied in between, so that all end in one unit; else each connection is summed up
apart, scaled, and then added. A still image's current is computed at the first timestep and stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hwsearch.export.c.bounds import Bounds, bounds_of
from hwsearch.export.c.inputs import feeding
from hwsearch.export.c.kernels import Scan, Update, Use
from hwsearch.export.c.names import Names
from hwsearch.export.c.parts import Call, Member, Program
from hwsearch.export.c.stored import Stored
from hwsearch.export.c.types import BITS, SIZES, c_type, length, param_type, state_type
from hwsearch.graph.graph import INPUT, Connection
from hwsearch.network.integers import IntegerConnection, IntegerNetwork, half_step

_MOST_PAIRED = 1023


def program(network: IntegerNetwork, weights: Sequence[Stored], names: Names) -> Program:
    """Return what a network does."""
    writing = _Writing(network, weights, names)
    for place in range(len(network.populations)):
        writing.population(place)
    return writing.finished()


@dataclass
class _Writing:
    """A program in the making."""

    network: IntegerNetwork
    weights: Sequence[Stored]
    names: Names
    use: Use = field(default_factory=Use)
    members: list[Member] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    params: list[str] = field(default_factory=list)
    scales: dict[str, tuple[int, int, int, int, int]] = field(default_factory=dict)
    first: list[str] = field(default_factory=list)  # of the first timestep alone
    second: list[str] = field(default_factory=list)
    step: list[str] = field(default_factory=list)
    most_sums: int = 0
    most_parts: int = 0

    def __post_init__(self) -> None:
        self.feed = feeding(self.network)
        self.calls = [
            self._call(i, c.shape, w)
            for i, (c, w) in enumerate(zip(self.network.connections, self.weights, strict=True))
        ]
        for call in self.calls:
            self.use.scan.add(call.scan)
            self.use.connections.add(call.kernel)
            self.use.pairs.update([call.pairs] if call.pairs else [])

    def population(self, place: int) -> None:
        """Add a population: its sums, its neurons."""
        network, name = self.network, self.names.populations[place]
        population, incoming = network.populations[place], self._entering(place)
        constant = [i for i in incoming if self._is_constant(network.connections[i])]
        others = [i for i in incoming if i not in constant]
        bounds, readout = bounds_of(network, place), population.threshold is None
        self.params.append(param_type(population.bias, population.threshold))
        neurons, lines = population.shape.neurons, []
        if constant:
            self._constant(place, constant, bounds)
        direct = readout and bool(others) and self._simple(others, bounds, only_plain=True)
        if others and not direct:
            self.most_sums = max(self.most_sums, neurons)
            lines += self._summed(others, "s->sums", neurons, bounds, f"{name}_scale", lazily=True)
        elif bounds.clips_sums:
            self.scales[f"{name}_scale"] = self._scale(0)
        apart = bool(others) and not direct and not self._simple(others, bounds) and len(others) > 1
        if apart and constant:  # the sums are currents by now
            self.scales["as_it_is"] = (0, 1, -(2**31), 2**31 - 1, 0)
            lines.append(f"snnk_settle(s->sums, s->constant_{name}, {neurons}u, &as_it_is, 1u);")
        added = "s->sums" if apart else f"s->constant_{name}" if constant else ""
        summed = bool(others) and not direct and not apart
        update = self._update(place, bounds, summed=summed, constant=bool(added))
        lines.append(self._updated(name, update, added, readout=readout))
        if direct:
            lines += self._added(others, f"s->{name}")
        first = network.readout.first(network.timesteps) if readout else 0
        self.step += [f"if (s->timestep >= {first}u) {{", *_indented(lines), "}"] if first else lines
        state = state_type(network.accumulator_bits if readout else network.state_bits)
        kind = "i32" if readout else state
        what = "potentials" if readout else "membranes"
        self.members.append(Member(name, kind, neurons, f"{what} of {population.shape.name}", "state"))
        if not readout:
            self._spikes(place, name, neurons)

    def finished(self) -> Program:
        """Return the program."""
        lines = [*self._delays(), *self._guarded(self.first, 0), *self._guarded(self.second, 1), *self.step]
        if self._late(INPUT) and not self.network.input.still:
            lines += self._copied("late_input", "input", length(self.feed.read, self.feed.inputs))
        text = "\n".join(lines)
        scales = {name: scale for name, scale in self.scales.items() if f"&{name}," in text}
        members = [*self.members, *self._buffers()]
        members.sort(key=lambda m: (m.role == "control", -SIZES[m.kind]))
        return Program(
            self.feed, tuple(members), tuple(self.calls), tuple(self.updates), tuple(self.params), scales,
            (*lines, "s->timestep++;"), self.use,
        )  # fmt: skip

    def _entering(self, place: int) -> list[int]:
        return [i for i, c in enumerate(self.network.connections) if c.shape.target == place]

    def _is_constant(self, c: IntegerConnection) -> bool:
        return c.shape.source == INPUT and self.network.input.still

    def _late(self, source: int) -> bool:
        return any(c.shape.delay for c in self.network.connections if c.shape.source == source)

    def _call(self, place: int, shape: Connection, weights: Stored) -> Call:
        kind = self.feed.read if shape.source == INPUT else BITS
        pool = "none" if shape.pooling.area == 1 else shape.pooling.kind
        scan = Scan(shape.kind == "conv", kind, pool)
        return Call(place, scan, (shape.kind, weights.kernel), self._pairs(scan, weights))

    def _pairs(self, scan: Scan, weights: Stored) -> tuple[str, int] | None:
        """Return the kernel for cores that multiply pairs: of dense weights in whole bytes a row, over values.

        Such a core adds 64 products of a value and a weight that is shifted to the top of 16 bits: the sum is below
        64 * 1023 * 2**15 < 2**31.
        """
        bits, dense = weights.fields["value_bits"], weights.kernel in ("dense", "bytes")
        values = not scan.conv and scan.pool == "none" and scan.type in ("u8", "u16")
        whole = weights.fields["inputs"] * bits % 8 == 0
        small = self.network.input.max_at(self.network.timesteps) <= _MOST_PAIRED
        return (scan.type, bits) if dense and values and whole and small and bits in (2, 4, 8) else None

    def _constant(self, place: int, incoming: Sequence[int], bounds: Bounds) -> None:
        """Compute a still image's current at the first timestep, and what is delayed at the second."""
        name, neurons = (
            f"constant_{self.names.populations[place]}",
            self.network.populations[place].shape.neurons,
        )
        shown = self.network.populations[place].shape.name
        self.members.append(Member(name, "i32", neurons, f"current of the image into {shown}", "buffer"))
        now = [i for i in incoming if not self.network.connections[i].shape.delay]
        late = [i for i in incoming if i not in now]
        if now:
            self.first += self._summed(now, f"s->{name}", neurons, bounds, f"{name}_scale", lazily=False)
        for number, i in enumerate(late):
            self.second += self._apart(
                i, f"s->{name}", neurons, f"{name}_late{number}_scale", add=bool(now) or number > 0
            )

    def _simple(self, incoming: Sequence[int], bounds: Bounds, *, only_plain: bool = False) -> bool:
        """Return whether sums may be multiplied in between; ``only_plain``: whether there is nothing to do to them."""
        shifts = [self.network.connections[i].fraction_bits for i in incoming]
        return not bounds.clips_sums and all(f == 0 if only_plain else f >= 0 for f in shifts)

    def _summed(
        self, incoming: Sequence[int], to: str, neurons: int, bounds: Bounds, scale: str, *, lazily: bool
    ) -> list[str]:
        """Return the statements that sum connections up; ``lazily``: what uses the sums scales them."""
        fraction = {i: self.network.connections[i].fraction_bits for i in incoming}
        if len(incoming) > 1 and not self._simple(incoming, bounds):
            lines = [*self._apart(incoming[0], to, neurons, f"{scale}_0", add=False, into=to)]
            for number, i in enumerate(incoming[1:], 1):
                lines += self._apart(i, to, neurons, f"{scale}_{number}", add=True)
            if lazily:
                self.scales[scale] = self._scale(0)
            return lines
        ordered = sorted(incoming, key=lambda i: -fraction[i])
        lines = [f"snnk_clear({to}, {neurons}u);"]
        for i, after in zip(ordered, [*ordered[1:], None], strict=True):
            lines += self._added([i], to)
            down = 0 if after is None else fraction[i] - fraction[after]
            if down:
                self.use.other.add("rescale")
                lines.append(f"snnk_rescale({to}, {neurons}u, {1 << down});")
        last = fraction[ordered[-1]]
        if lazily or last or bounds.clips_sums:
            self.scales[scale] = self._scale(last)
        if not lazily and (last or bounds.clips_sums):
            self.use.other.add("settle")
            lines.append(f"snnk_settle({to}, {to}, {neurons}u, &{scale}, 0u);")
        return lines

    def _apart(
        self, i: int, to: str, neurons: int, scale: str, *, add: bool, into: str = "s->part"
    ) -> list[str]:
        """Return the statements that sum a connection up alone, and scale it."""
        if into == "s->part":
            self.most_parts = max(self.most_parts, neurons)
        self.scales[scale] = self._scale(self.network.connections[i].fraction_bits)
        self.use.other.add("settle")
        return [
            f"snnk_clear({into}, {neurons}u);",
            *self._added([i], into),
            f"snnk_settle({to}, {into}, {neurons}u, &{scale}, {int(add)}u);",
        ]

    def _added(self, incoming: Sequence[int], to: str) -> list[str]:
        return [f"add_{self.names.connections[i]}({self._reads(i)}, {to});" for i in incoming]

    def _reads(self, i: int) -> str:
        """Return what a connection reads."""
        shape = self.network.connections[i].shape
        if shape.source == INPUT:
            late = shape.delay and not self.network.input.still
            return "s->late_input" if late else "s->input"
        return f"s->{'late' if shape.delay else 'spikes'}_{self.names.populations[shape.source]}"

    def _scale(self, fraction_bits: int) -> tuple[int, int, int, int, int]:
        top = 2 ** (self.network.accumulator_bits - 1)
        return (
            half_step(fraction_bits), 1 << max(fraction_bits, 0), max(-top, -(2**31)), min(top - 1, 2**31 - 1),
            max(-fraction_bits, 0),
        )  # fmt: skip

    def _update(self, place: int, bounds: Bounds, *, summed: bool, constant: bool) -> Update:
        network, readout = self.network, self.network.populations[place].threshold is None
        state = "int32_t" if readout else c_type(state_type(network.state_bits))
        update = Update(
            state, c_type(self.params[place]), "int64_t" if bounds.wide else "int32_t", summed, constant,
            bounds.clips_sums, bounds.clips_state,
        )  # fmt: skip
        (self.use.read if readout else self.use.fire).add(update)
        self.updates.append(update)
        return update

    def _updated(self, name: str, update: Update, added: str, *, readout: bool) -> str:
        arguments = [f"&{name}_neurons"]
        arguments += [f"&{name}_scale"] if update.sum or update.clip else []
        arguments += ["s->sums"] if update.sum else []
        arguments += [added] if update.constant else []
        arguments += [f"s->{name}"] + ([] if readout else [f"s->spikes_{name}"])
        return f"snnk_{'read' if readout else 'fire'}_{update.name}({', '.join(arguments)});"

    def _spikes(self, place: int, name: str, neurons: int) -> None:
        shown = self.network.populations[place].shape.name
        n_bytes = length(BITS, neurons)
        self.members.append(Member(f"spikes_{name}", BITS, n_bytes, f"spikes of {shown}", "buffer"))
        if self._late(place):
            comment = f"spikes of {shown}, a timestep ago"
            self.members.append(Member(f"late_{name}", BITS, n_bytes, comment, "buffer"))

    def _delays(self) -> list[str]:
        """Return the statements that keep what delayed connections read."""
        lines = []
        for place, name in enumerate(self.names.populations[:-1]):
            if self._late(place):
                n = length(BITS, self.network.populations[place].shape.neurons)
                lines += self._copied(f"late_{name}", f"spikes_{name}", n)
        return lines

    def _copied(self, to: str, source: str, n: int) -> list[str]:
        """Return the statement that copies an array."""
        size = SIZES[self.feed.read] if source == "input" else 1
        self.use.other.add("copy")
        casts = ("", "") if size == 1 else ("(uint8_t *)", "(const uint8_t *)")
        return [f"snnk_copy({casts[0]}s->{to}, {casts[1]}s->{source}, {n * size}u);"]

    def _guarded(self, lines: Sequence[str], timestep: int) -> list[str]:
        return [f"if (s->timestep == {timestep}u) {{", *_indented(lines), "}"] if lines else []

    def _buffers(self) -> list[Member]:
        """Return the members that belong to no population."""
        feed = self.feed
        n = length(feed.read, feed.inputs)
        what = "the image" if feed.frames is None else "the frame of this timestep"
        if feed.read == BITS:
            what += ", a bit each"
        buffers = [Member("input", feed.read, n, what, "buffer")]
        if self._late(INPUT) and not self.network.input.still:
            buffers.append(Member("late_input", feed.read, n, "the frame before", "buffer"))
        if feed.counts is not None:
            buffers.append(
                Member("counts", feed.counts, feed.inputs, "spikes of this bin's frames", "buffer")
            )
        if self.most_sums:
            buffers.append(Member("sums", "i32", self.most_sums, "sums of one population", "buffer"))
        if self.most_parts:
            buffers.append(Member("part", "i32", self.most_parts, "sums of one of its connections", "buffer"))
        buffers.append(Member("timestep", "u16", 1, "timesteps that were computed", "control"))
        if feed.bins is not None:
            buffers.append(Member("phase", "u32", 1, "how far the bin is filled", "control"))
            buffers.append(Member("in_bin", "u16", 1, "frames in the bin", "control"))
        return buffers


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]
