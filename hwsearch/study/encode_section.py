"""The key ``data.encode`` of a study: how inputs become what a network reads.

Not for carrying it out: see `data.encode`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from hwsearch.study.laws import Name, Positive, Seed, law
from hwsearch.study.section import Section
from hwsearch.study.yaml_border import broken

Frames = Annotated[int, law("frames must lie in 1 .. 64, as timesteps do", lambda v: 1 <= v <= 64)]
Threshold = Annotated[int, law("threshold must lie in 1 .. 255", lambda v: 1 <= v <= 255)]


class Standardise(Section):
    """Measured values as whole numbers, by mean and standard deviation of the training samples.

    Attributes:
        clip: Deviations from the mean that the smallest and the largest whole number stand for.
        by: What has a mean of its own: each ``channel``, each ``value`` of a frame, or ``all`` together.
    """

    clip: Positive = 3.0
    by: Literal["channel", "value", "all"] = "channel"


class Rate(Section):
    """A still image as random spikes, as likely as its values are large.

    Attributes:
        frames: T0.
        seed: Of the draw.
    """

    frames: Frames
    seed: Seed = 0


class Latency(Section):
    """A still image as one spike a value, the earlier the larger it is.

    Attributes:
        frames: T0.
    """

    frames: Frames


class Delta(Section):
    """A sequence as spikes where a value crosses a level, upwards and downwards in channels of their own.

    Attributes:
        threshold: Between two levels, in whole numbers of the input.
    """

    threshold: Threshold


class Plugin(Section):
    """An encoder of the user's own: an installed entry point, or of ``--plugin FILE``.

    Attributes:
        name: Its name.
        max: Largest whole number that it returns; 1: spikes.
        options: What it is called with.
    """

    name: Name
    max: Annotated[int, law("max must lie in 1 .. 255", lambda v: 1 <= v <= 255)] = 1
    options: dict[str, Any] = Field(default_factory=dict)


class Encode(Section):
    """Steps, in this order; none: values are read as they are (measured ones standardised).

    Attributes:
        standardise: Measured values as whole numbers; None: at its defaults, where values are measured.
        rate: A still image as random spikes; None: not.
        latency: A still image as one spike a value; None: not.
        delta: A sequence as spikes where a value crosses a level; None: not.
        plugin: An encoder of the user's own; None: not.
    """

    standardise: Standardise | None = None
    rate: Rate | None = None
    latency: Latency | None = None
    delta: Delta | None = None
    plugin: Plugin | None = None

    @model_validator(mode="after")
    def _one_kind_of_spikes(self) -> Encode:
        named = [name for name in ("rate", "latency", "delta", "plugin") if getattr(self, name) is not None]
        if len(named) > 1:
            raise broken("encode may name one way to make spikes", " and ".join(named), "remove one")
        return self


def _read(value: Any) -> Any:
    """Return a mapping: ``direct`` is one without steps, a step's name alone is that step at its defaults."""
    if value == "direct":
        return {}
    if isinstance(value, str):
        raise broken("encode must be direct, or name its steps with their settings", todo=_EXAMPLE)
    if isinstance(value, dict) and not value:
        raise broken("encode must be direct, or name its steps with their settings", "nothing", _EXAMPLE)
    return value


def _write(value: Encode) -> Any:
    steps = {name: dict(step) for name, step in dict(value).items() if step is not None}
    return steps or "direct"


_EXAMPLE = "write encode: direct, or encode: {rate: {frames: 8}}"
DIRECT = Encode()
EncodeKey = Annotated[Encode, BeforeValidator(_read), PlainSerializer(_write, when_used="json")]
