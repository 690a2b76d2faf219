"""What a program of C is made of: members of its state, functions of its connections. What it does: `program`."""

from __future__ import annotations

from dataclasses import dataclass

from hwsearch.export.c.inputs import Feeding
from hwsearch.export.c.kernels import Scan, Update, Use
from hwsearch.export.c.types import SIZES, c_type


@dataclass(frozen=True)
class Member:
    """A member of the state's struct.

    Attributes:
        name: Of it.
        kind: Of its elements.
        count: Elements.
        comment: What it holds.
        role: ``state`` (membranes and potentials), ``buffer``, or ``control``.
    """

    name: str
    kind: str
    count: int
    comment: str
    role: str

    @property
    def n_bytes(self) -> int:
        """Bytes."""
        return self.count * SIZES[self.kind]

    @property
    def type(self) -> str:
        """C type of an element."""
        return c_type(self.kind)


@dataclass(frozen=True)
class Call:
    """A connection's function.

    Attributes:
        connection: Place of the connection.
        scan: What finds its events.
        kernel: (``fc`` or ``conv``, format).
        pairs: (type, bits of a weight) of the kernel that cores take instead which multiply pairs; None: none does.
    """

    connection: int
    scan: Scan
    kernel: tuple[str, str]
    pairs: tuple[str, int] | None = None


@dataclass(frozen=True)
class Program:
    """What a network's file says.

    Attributes:
        feed: What it is fed.
        members: Of its state, the widest first.
        calls: One a connection.
        updates: One a population; the readout's is None where sums are added to its potentials themselves.
        params: Kind of each population's bias and threshold.
        scales: By name: scale of sums: half, gain, low, high, shift.
        step: The statements of a timestep.
        use: Its kernels.
    """

    feed: Feeding
    members: tuple[Member, ...]
    calls: tuple[Call, ...]
    updates: tuple[Update, ...]
    params: tuple[str, ...]
    scales: dict[str, tuple[int, int, int, int, int]]
    step: tuple[str, ...]
    use: Use

    def n_bytes(self, *roles: str) -> int:
        """Return the bytes of members of some roles."""
        return sum(member.n_bytes for member in self.members if member.role in roles)
