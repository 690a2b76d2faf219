"""Builds a graph population by population, as data flow through it; shapes follow, and what does not fit is refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hwsearch.graph.graph import INPUT, NO_POOLING, Connection, Input, Pooling, Population, Size
from hwsearch.graph.neuron_law import NeuronLaw


def conv_size(size: Size, stride: Size) -> Size:
    """Return the size of the map that filters of odd sides make, padded by half of them."""
    return (size[0] - 1) // stride[0] + 1, (size[1] - 1) // stride[1] + 1


@dataclass(frozen=True)
class Ends:
    """What a connection joins, and what it reads there.

    Attributes:
        name: Of the connection.
        source, target: Places of its populations.
        shape: [C, H, W] of its source.
        pooling: Of what it reads.
        delay: In timesteps.
    """

    name: str
    source: int
    target: int
    shape: tuple[int, int, int]
    pooling: Pooling = NO_POOLING
    delay: int = 0

    @property
    def size(self) -> Size:
        """Height and width of what it reads, after pooling."""
        return self.pooling.pooled((self.shape[1], self.shape[2]))


def fc_connection(ends: Ends, units: int, *, readout: bool = False) -> Connection:
    """Return fully connected weights."""
    pixels = ends.size[0] * ends.size[1]
    return Connection(
        ends.name, ends.source, ends.target, "fc", ends.shape[0] * pixels, units, (1, 1), (1, 1), 1, ends.pooling,
        ends.delay, (1, 1), (1, 1), pixels, readout=readout,
    )  # fmt: skip


def filter_connection(ends: Ends, channels: int, kernel: Size, stride: Size) -> Connection:
    """Return a convolution."""
    return Connection(
        ends.name, ends.source, ends.target, "conv", ends.shape[0], channels, kernel, stride, 1, ends.pooling,
        ends.delay, ends.size, conv_size(ends.size, stride), 1,
    )  # fmt: skip


def depthwise_connection(ends: Ends, kernel: Size, stride: Size) -> Connection:
    """Return a convolution with one filter a channel."""
    return replace(filter_connection(ends, ends.shape[0], kernel, stride), groups=ends.shape[0])


def identity_connection(ends: Ends, stride: Size = (1, 1)) -> Connection:
    """Return a weight a channel, which is not pruned."""
    return replace(depthwise_connection(ends, (1, 1), stride), prunable=False)


def check_window(pooling: Pooling, size: Size) -> None:
    """Refuse a pooling of a map that is smaller than its window.

    Raises:
        ValueError: It is.
    """
    if min(pooling.pooled(size)) < 1:
        window = " x ".join(map(str, pooling.window))
        raise ValueError(f"pooling by {window} leaves nothing of a map of {size[0]} x {size[1]}")


@dataclass(frozen=True)
class Mark:
    """What a residual block reads: a population (or INPUT) and its pooling."""

    source: int
    pooling: Pooling


@dataclass
class Builder:
    """A graph in the making.

    Attributes:
        data: What the network reads.
        law: Of its neurons.
        norm: Whether populations have a batch normalisation; those that feed themselves have none.
    """

    data: Input
    law: NeuronLaw
    norm: bool = False
    _populations: list[Population] = field(default_factory=list)
    _connections: list[Connection] = field(default_factory=list)
    _source: int = INPUT
    _pooling: Pooling = NO_POOLING

    def mark(self) -> Mark:
        """Return what the next layer would read."""
        return Mark(self._source, self._pooling)

    def pool(self, pooling: Pooling | None) -> None:
        """Pool what the next layer reads; None: by one window as large as the map.

        Raises:
            ValueError: A window is larger than the map.
        """
        _, height, width = self._shape(self._source)
        pooling = pooling or Pooling((height, width), "sum")
        check_window(pooling, (height, width))
        self._pooling = pooling

    def conv(self, name: str, channels: int, kernel: Size, stride: Size) -> None:
        """Add a convolution and its population."""
        self._add_map(filter_connection(self._ends(name), channels, kernel, stride))

    def depthwise(self, name: str, kernel: Size, stride: Size) -> None:
        """Add a depthwise convolution and its population."""
        self._add_map(depthwise_connection(self._ends(name), kernel, stride))

    def fc(self, name: str, units: int, *, recurrent: bool = False, readout: bool = False) -> None:
        """Add fully connected weights and their population."""
        ends = self._ends(name)
        ends = replace(ends, name=name) if readout else ends
        norm = self.norm and not (recurrent or readout)
        law = None if readout else self.law
        self._add(
            Population(ends.name, units, (1, 1), law, norm, flat=True),
            fc_connection(ends, units, readout=readout),
        )
        if recurrent:
            back = Ends(f"{ends.name}.back", ends.target, ends.target, (units, 1, 1), delay=1)
            self._connections.append(fc_connection(back, units))

    def join(self, start: Mark) -> None:
        """Let what a block read enter its last population too.

        Raises:
            ValueError: No stride of a 1 x 1 convolution takes the one's map to the other's.
        """
        if start.source == self._source:
            raise ValueError("a residual block must hold a layer with weights")
        end = self._populations[self._source]
        ends = Ends(f"{end.name}.skip", start.source, self._source, self._shape(start.source), start.pooling)
        alike = (ends.shape[0], *ends.size) == self._shape(self._source)
        if alike:
            skip = identity_connection(ends)
        elif end.flat:
            skip = fc_connection(ends, end.channels)
        else:
            skip = filter_connection(ends, end.channels, (1, 1), _stride(ends.size, end.size))
        self._connections.append(skip)

    def finished(self) -> tuple[tuple[Population, ...], tuple[Connection, ...]]:
        """Return what was built."""
        return tuple(self._populations), tuple(self._connections)

    def _ends(self, kind: str) -> Ends:
        """Return the ends of a connection from what the next layer reads to a new population, named by its kind."""
        place = len(self._populations)
        return Ends(f"{kind}{place + 1}", self._source, place, self._shape(self._source), self._pooling)

    def _add_map(self, connection: Connection) -> None:
        """Add a convolution and the population that it makes."""
        channels, size = connection.out_channels, connection.out_size
        self._add(Population(connection.name, channels, size, self.law, self.norm), connection)

    def _add(self, population: Population, connection: Connection) -> None:
        self._source, self._pooling = len(self._populations), NO_POOLING
        self._populations.append(population)
        self._connections.append(connection)

    def _shape(self, population: int) -> tuple[int, int, int]:
        if population == INPUT:
            return self.data.shape
        return self._populations[population].channels, *self._populations[population].size


def _stride(size: Size, wanted: Size) -> Size:
    """Return the stride that takes a map to a size."""
    found: list[int] = []
    for side, target in zip(size, wanted, strict=True):
        strides = [s for s in range(1, side + 1) if (side - 1) // s + 1 == target]
        if not strides:
            raise ValueError(
                f"no stride of a 1 x 1 convolution takes what the block reads ({size[0]} x {size[1]}) to what it "
                f"ends in ({wanted[0]} x {wanted[1]})"
            )
        found.append(strides[0])
    return found[0], found[1]
