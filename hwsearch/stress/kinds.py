"""The kinds of disturbance: their levels, in which unit, and what they do not apply to. A new kind is an entry here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hwsearch.graph.graph import Input
from hwsearch.network.integers import IntegerNetwork
from hwsearch.stress import inputs, models
from hwsearch.stress.draws import Draw
from hwsearch.stress.inputs import Values
from hwsearch.stress.models import Stored

OfInputs = Callable[[Values, Input, float, Draw], Values]
OfModel = Callable[[Stored, float, Draw], IntegerNetwork]


@dataclass(frozen=True)
class Kind:
    """A kind of disturbance.

    Attributes:
        name: In tables and options.
        words: In sentences.
        unit: What a level is a share, number or factor of.
        levels: From weak to strong.
        of_inputs: What is done to samples; None: it is the network that is disturbed.
        of_model: What is done to the network; None: it is the samples.
        why_not: Why it does not apply to a network and its inputs; empty where it does.
        directions: Where nothing is drawn, how many ways it goes: each is a draw, and there are no others.
    """

    name: str
    words: str
    unit: str
    levels: tuple[float, ...]
    of_inputs: OfInputs | None = None
    of_model: OfModel | None = None
    why_not: Callable[[IntegerNetwork], str] = lambda network: ""
    directions: int | None = None

    @property
    def what(self) -> str:
        """What is disturbed: ``input`` or ``model``."""
        return "model" if self.of_inputs is None else "input"

    def levels_of(self, read: Input) -> tuple[float, ...]:
        """Return its levels for a network's inputs: at least one channel stays."""
        if self.name != "missing":
            return self.levels
        return tuple(level for level in self.levels if level < read.shape[0])

    def disturbed(self, stored: Stored, x: Values, level: float, draw: Draw) -> tuple[IntegerNetwork, Values]:
        """Return a network and samples [N, ...], one of them disturbed."""
        if self.of_inputs is not None:
            return stored.network, self.of_inputs(x, stored.network.input, level, draw)
        assert self.of_model is not None
        return self.of_model(stored, level, draw), x


_RANGE, _ALL = "of the range", "of all"


def _values(network: IntegerNetwork) -> str:
    return inputs.why_no_values(network.input)


def _frames(network: IntegerNetwork) -> str:
    return inputs.why_no_frames(network.input)


def _channels(network: IntegerNetwork) -> str:
    return inputs.why_no_channels(network.input)


KINDS = (
    Kind("noise", "input noise", _RANGE, (0.02, 0.05, 0.1, 0.2, 0.3), inputs.noise, why_not=_values),
    Kind("drift", "sensor drift", _RANGE, (0.02, 0.05, 0.1, 0.2, 0.3), inputs.drift, why_not=_values),
    Kind("offset", "an offset", _RANGE, (0.02, 0.05, 0.1, 0.2), inputs.offset, why_not=_values, directions=2),
    Kind("gain", "a gain", "more or less", (0.1, 0.25, 0.5, 1.0), inputs.gain, why_not=_values, directions=2),
    Kind("dropped", "dropped events or values", _ALL, (0.01, 0.05, 0.1, 0.2, 0.4), inputs.dropped),
    Kind("spurious", "spurious events or values", _ALL, (0.01, 0.05, 0.1, 0.2), inputs.spurious),
    Kind("jitter", "time jitter", "frames", (0.5, 1.0, 2.0, 4.0), inputs.jitter, why_not=_frames),
    Kind("missing", "missing channels", "channels", (1, 2, 4, 8), inputs.missing, why_not=_channels),
    Kind("bit_flips", "bit flips in weights", "of the stored bits", (1e-4, 1e-3, 1e-2, 5e-2),
         of_model=models.bit_flips),
    Kind("dead", "dead neurons", _ALL, (0.01, 0.05, 0.1, 0.2), of_model=models.dead),
    Kind("stuck", "stuck neurons", _ALL, (0.01, 0.05, 0.1, 0.2), of_model=models.stuck),
    Kind("threshold", "threshold mismatch", "of a threshold", (0.05, 0.1, 0.2, 0.4),
         of_model=models.threshold_mismatch),
    Kind("leak", "leak mismatch", "steps of the shift", (1, 2), of_model=models.leak_mismatch,
         why_not=models.why_no_leak, directions=2),
    Kind("coarser", "coarser timesteps", "times fewer", (2, 4), of_model=models.coarser,
         why_not=models.why_no_coarser, directions=1),
)  # fmt: skip
"""Every kind, inputs first."""


def kind_of(name: str) -> Kind:
    """Return a kind by its name."""
    return next(kind for kind in KINDS if kind.name == name)
