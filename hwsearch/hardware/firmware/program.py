"""What a C library computes, as values: its connections, populations and plain loops, and how often each is called."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hwsearch.hardware.storage import Stream
from hwsearch.hardware.workload import ConnectionWork

PAIRED_VALUES = 64
"""Values that are multiplied in pairs at a time: SNNK_CHUNK of the library."""
PAIRED_TYPES, PAIRED_BITS = ("u8", "u16"), (2, 4, 8)
"""Types of values, and bits of weights, that the library has kernels of pairs for."""
PAIRING_CORES = ("cortex-m4", "cortex-m7", "cortex-m33")
"""Cores that multiply two pairs of 16 bits at once, which the library's kernels make use of."""


@dataclass(frozen=True)
class LibraryConnection:
    """A connection's function: a scan finds its events, a kernel adds their weights.

    Attributes:
        work: What arrives, and what it meets.
        kernel: The kernel's format: a storage format without its length, or another that the library has a loop for.
        streams: What is stored.
        unit: Weights of a block or group; 1 elsewhere.
        scan: Kind of the values that are looked at: ``bits``, ``u8``, ``u16``, ``u32``.
        calls: How often it is called in an inference.
        events: Events listed in an inference, pooled on the way.
        paired: Whether a core that multiplies pairs takes the kernel ``pairs`` instead.
        merged: Shared functions that the compiler makes a part of their one caller (`code.SHARED`).
    """

    work: ConnectionWork
    kernel: str
    streams: tuple[Stream, ...]
    unit: int
    scan: str
    calls: float
    events: float
    paired: bool = False
    merged: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Of its kernel: ``fc_csr``."""
        return f"{self.work.kind}_{self.kernel}"

    def on(self, core: str) -> LibraryConnection:
        """Return the connection as it is compiled for a core."""
        return replace(self, kernel="pairs") if self.paired and core in PAIRING_CORES else self

    @property
    def function(self) -> str:
        """Of its kernel in C: ``snnk_fc_csr``, ``snnk_fc_pairs_u8_4``."""
        pairs = f"_{self.scan}_{self.stream('values').bits}" if self.kernel == "pairs" else ""
        return f"snnk_{self.name}{pairs}"

    @property
    def scan_name(self) -> str:
        """Of its scan: ``fc_bits``, ``conv_values_max``; values of 8, 16 and 32 bits take as many instructions."""
        pooling, kind = self.work.pooling, "bits" if self.scan == "bits" else "values"
        return f"{self.work.kind}_{kind}" + (f"_{pooling.kind}" if pooling.area > 1 else "")

    def stream(self, *names: str) -> Stream:
        """Return the first stream of one of these names; one of no fields where there is none."""
        return next((stream for stream in self.streams if stream.name in names), Stream(names[0], 0, 0))


@dataclass(frozen=True)
class LibraryPopulation:
    """What takes a population a timestep on.

    Attributes:
        channels, neurons: Of it.
        spikes: Spikes sent in an inference.
        calls: Timesteps in which it is computed.
        readout: Whether it has potentials and no threshold.
        state: C type of its membranes: ``i8``, ``i16`` or ``i32``.
        params: Kind of its biases and thresholds: ``i16`` or ``i32``.
        wide: Whether it is computed in 64 bits.
        sum, constant: Whether sums, and a still image's current, are added.
        clip, saturate: Whether sums, and states, are clipped.
    """

    channels: int
    neurons: int
    spikes: float
    calls: float
    readout: bool
    state: str
    params: str = "i16"
    wide: bool = False
    sum: bool = True
    constant: bool = False
    clip: bool = False
    saturate: bool = False

    @property
    def name(self) -> str:
        """Of its function: ``fire_i16_sum``."""
        flags = {"p32": self.params == "i32", "wide": self.wide, "sum": self.sum, "constant": self.constant,
                 "clip": self.clip, "sat": self.saturate}  # fmt: skip
        return "_".join(
            [
                "read" if self.readout else "fire",
                self.state,
                *(flag for flag, on in flags.items() if on),
            ]
        )


@dataclass(frozen=True)
class PlainLoop:
    """A loop over an array.

    Attributes:
        name: ``clear``, ``copy``, ``rescale``, ``settle``, or a frame's: ``frame_...``, ``mean_...``.
        elements: Of the array.
        calls: How often it is run through in an inference.
    """

    name: str
    elements: int
    calls: float


@dataclass(frozen=True)
class Library:
    """A library: all that an inference does.

    Attributes:
        timesteps: Of an inference.
        connections, populations, loops: See there.
        statements: Of a timestep.
        scales: Descriptors of what becomes of sums.
        arrays, counters: Members of its state.
        frames: Frames of a sample where several make a timestep; 0 elsewhere.
    """

    timesteps: int
    connections: tuple[LibraryConnection, ...]
    populations: tuple[LibraryPopulation, ...]
    loops: tuple[PlainLoop, ...]
    statements: int
    scales: int
    arrays: int
    counters: int = 1
    frames: int = 0

    def on(self, core: str) -> Library:
        """Return the library as it is compiled for a core, by the compiler's name of it."""
        if core not in PAIRING_CORES:
            return self
        return replace(self, connections=tuple(c.on(core) for c in self.connections))
