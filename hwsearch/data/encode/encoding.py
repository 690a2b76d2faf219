"""Steps of an encoding, fitted (`fit_encoding`), carried out, and written so that a device can do the same.

Not for what a reader makes of its files (event frames, mel filter banks).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from hwsearch.data.encode.plugin import PluginEncoder
from hwsearch.data.encode.requantise import Requantise
from hwsearch.data.encode.spikes import Delta, Latency, Rate
from hwsearch.data.encode.standardise import Standardise, fit_standardise
from hwsearch.data.samples import Images, Samples, Values
from hwsearch.errors import Fault, InputError
from hwsearch.study import encode_section as sections
from hwsearch.study.data_section import called
from hwsearch.study.parts_section import Parts

MEASURED_BITS = 8
"""Bits of what measured values become, unless the study says others."""
Step = Standardise | Requantise | Rate | Latency | Delta | PluginEncoder
_NAMES: dict[type[Step], str] = {
    Standardise: "standardise",
    Requantise: "requantise",
    Rate: "rate",
    Latency: "latency",
    Delta: "delta",
    PluginEncoder: "plugin",
}


@dataclass(frozen=True)
class Encoding:
    """What turns values as a reader gives them into what a network reads.

    Attributes:
        steps: In their order; none: the values are read as they are.
        max: Largest whole number that comes out.
    """

    steps: tuple[Step, ...]
    max: int

    def __call__(self, x: Values) -> Images:
        """Return values [N, ...] encoded."""
        for step in self.steps:
            x = step(cast(Images, x))
        return cast(Images, x)

    @property
    def settings(self) -> list[dict[str, Any]]:
        """Each step's name and all that it takes to do the same elsewhere, as plain values."""
        return [{_NAMES[type(step)]: step.settings} for step in self.steps]

    @property
    def spikes(self) -> bool:
        """Whether spikes come out."""
        return self.max == 1 and any(
            isinstance(step, Rate | Latency | Delta | PluginEncoder) for step in self.steps
        )


def encoding_words(encoding: Encoding, samples: Samples) -> tuple[str, ...]:
    """Return what a reader must know of an encoding: what it is not priced for, and what it loses."""
    notes = []
    named = [_NAMES[type(step)] for step in encoding.steps if not isinstance(step, Requantise)]
    if named:
        notes.append(
            f"inputs are encoded on the host ({', '.join(named)}): no price here holds it; its settings "
            "are in config.yaml of an export"
        )
    for step in encoding.steps:
        if isinstance(step, Standardise) and (n := int((step.deviation == 0).sum())):
            constant = np.flatnonzero((step.deviation == 0).all(axis=(1, 2)))
            named = [samples.channel_names[i] if samples.channel_names else str(i) for i in constant]
            which = f" (channel {', '.join(named)})" if step.by == "channel" else ""
            notes.append(
                f"{n} of {step.deviation.size} standardised inputs do not vary in training and say nothing{which}"
            )
    return tuple(notes)


def encoding_of(settings: Sequence[Mapping[str, Mapping[str, Any]]], largest: int) -> Encoding:
    """Return the encoding whose ``settings`` these are.

    Args:
        settings: As in an export's ``config.yaml``.
        largest: Largest whole number that comes out.
    """
    types: dict[str, Callable[..., Step]] = {name: kind for kind, name in _NAMES.items()}
    steps = []
    for one in settings:
        for name, values in one.items():
            fitted = {k: np.array(values[k]) for k in ("mean", "deviation") if k in values}
            steps.append(types[name](**{**values, **fitted}))
    return Encoding(tuple(steps), largest)


def fit_encoding(data: Parts, x_train: Values, input_max: int | None) -> Encoding:
    """Return the encoding of a study, fitted on training samples.

    Args:
        data: The study's section.
        x_train: Still images [N, C, H, W], or sequences [N, T0, C, H, W].
        input_max: Their largest whole number; None: they are measured values.

    Raises:
        InputError: Spikes are asked for of what they cannot be made of.
    """
    faults = _time_faults(data, still=x_train.ndim == 4)
    if faults:
        raise InputError(faults)
    encode, steps = data.encode, list[Step]()
    largest = input_max if data.input_bits is None else 2**data.input_bits - 1
    if input_max is None or encode.standardise is not None:
        how = encode.standardise or sections.Standardise()
        largest = 2 ** (data.input_bits or MEASURED_BITS) - 1
        steps.append(fit_standardise(x_train, how.by, how.clip, largest))
    elif largest not in (None, input_max):
        steps.append(Requantise(input_max, cast(int, largest)))
    largest = cast(int, largest)
    if encode.rate is not None:
        steps.append(Rate(encode.rate.frames, encode.rate.seed, largest))
    if encode.latency is not None:
        steps.append(Latency(encode.latency.frames, largest))
    if encode.delta is not None:
        steps.append(Delta(encode.delta.threshold))
    if encode.plugin is not None:
        steps.append(PluginEncoder(encode.plugin.name, encode.plugin.max, encode.plugin.options))
    last = steps[-1] if steps else None
    if isinstance(last, Rate | Latency | Delta):
        largest = 1
    return Encoding(tuple(steps), last.max if isinstance(last, PluginEncoder) else largest)


def _time_faults(data: Parts, *, still: bool) -> list[Fault]:
    """Return what of the encoding needs frames that the data have not, or has no use for those that they have."""
    encode, faults = data.encode, []
    for name in ("rate", "latency"):
        if getattr(encode, name) is not None and not still:
            law = f"{name} makes frames of still images, and {called(data)} has frames"
            faults.append(Fault(f"data.encode.{name}", law, "", "use delta, or encode: direct"))
    if encode.delta is not None and still:
        law = f"delta makes spikes of what changes from frame to frame, and {called(data)} has still images"
        faults.append(
            Fault("data.encode.delta", law, "", "use rate or latency, or read the data as a sequence")
        )
    return faults
