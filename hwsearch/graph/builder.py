"""Builds a graph population by population, as data flow through it; shapes follow, and what does not fit is refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hwsearch.graph.graph import INPUT, NO_POOLING, Connection, Input, Pooling, Population, Size
from hwsearch.graph.neuron_law import NeuronLaw


def conv_size(size: Size, stride: Size) -> Size:
    """Return the size of the map that filters of odd sides make, padded by half of them."""
    return (size[0] - 1) // stride[0] + 1, (size[1] - 1) // stride[1] + 1


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
        _, *size = self._shape(self._source)
        height, width = size
        pooling = pooling or Pooling((height, width), "sum")
        if min(pooling.pooled((height, width))) < 1:
            window = " x ".join(map(str, pooling.window))
            raise ValueError(f"pooling by {window} leaves nothing of a map of {height} x {width}")
        self._pooling = pooling

    def conv(self, name: str, channels: int, kernel: Size, stride: Size) -> None:
        """Add a convolution and its population."""
        self._filter(name, channels, kernel, stride, groups=1)

    def depthwise(self, name: str, kernel: Size, stride: Size) -> None:
        """Add a depthwise convolution and its population."""
        channels = self._shape(self._source)[0]
        self._filter(name, channels, kernel, stride, groups=channels)

    def fc(self, name: str, units: int, *, recurrent: bool = False, readout: bool = False) -> None:
        """Add fully connected weights and their population."""
        target = len(self._populations)
        name = name if readout else f"{name}{target + 1}"
        law = None if readout else self.law
        self._populations.append(
            Population(name, units, (1, 1), law, self.norm and not (recurrent or readout), flat=True)
        )
        self._connections.append(self.connection_fc(name, self.mark(), target, readout=readout))
        if recurrent:
            back = self.connection_fc(f"{name}.back", Mark(target, NO_POOLING), target)
            self._connections.append(replace(back, delay=1))
        self._source, self._pooling = target, NO_POOLING

    def join(self, start: Mark) -> None:
        """Let what a block read enter its last population too.

        Raises:
            ValueError: No stride of a 1 x 1 convolution takes the one's map to the other's.
        """
        if start.source == self._source:
            raise ValueError("a residual block must hold a layer with weights")
        target = self._source
        end = self._populations[target]
        channels, *size = self._shape(start.source)
        height, width = start.pooling.pooled((size[0], size[1]))
        name = f"{end.name}.skip"
        if end.flat:
            skip = self.connection_fc(name, start, target)
            if skip.fan_columns == 1 and skip.in_channels == end.channels:
                skip = replace(skip, kind="conv", groups=end.channels, prunable=False)
            self._connections.append(skip)
            return
        stride = _stride((height, width), end.size)
        alike = channels == end.channels and stride == (1, 1)
        self._connections.append(
            Connection(
                name, start.source, target, "conv", channels, end.channels, (1, 1), stride,
                channels if alike else 1, start.pooling, 0, (height, width), end.size, 1, prunable=not alike,
            )
        )  # fmt: skip

    def finished(self) -> tuple[tuple[Population, ...], tuple[Connection, ...]]:
        """Return what was built."""
        return tuple(self._populations), tuple(self._connections)

    def connection_fc(self, name: str, read: Mark, target: int, *, readout: bool = False) -> Connection:
        """Return fully connected weights from what is read to a population."""
        channels, *size = self._shape(read.source)
        height, width = read.pooling.pooled((size[0], size[1]))
        pixels = height * width
        return Connection(
            name, read.source, target, "fc", channels * pixels, self._populations[target].channels, (1, 1), (1, 1),
            1, read.pooling, 0, (1, 1), (1, 1), pixels, readout=readout,
        )  # fmt: skip

    def _filter(self, name: str, channels: int, kernel: Size, stride: Size, groups: int) -> None:
        in_channels, *size = self._shape(self._source)
        in_size = self._pooling.pooled((size[0], size[1]))
        out_size, target = conv_size(in_size, stride), len(self._populations)
        name = f"{name}{target + 1}"
        self._populations.append(Population(name, channels, out_size, self.law, self.norm))
        self._connections.append(
            Connection(
                name, self._source, target, "conv", in_channels, channels, kernel, stride, groups,
                self._pooling, 0, in_size, out_size, 1,
            )
        )  # fmt: skip
        self._source, self._pooling = target, NO_POOLING

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
