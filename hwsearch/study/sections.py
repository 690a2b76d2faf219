"""Sections of a study file, one frozen model each, with laws between values (`data_section`, `search_sections`).

Not for what needs the hardware profile, the data or the layer shapes: that is checked where those are known.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, ValidationInfo, model_validator
from pydantic import field_validator as check

from hwsearch.study.laws import (
    Budget,
    BudgetName,
    Count,
    Granularity,
    Positive,
    Share,
    Sparsity,
    StateBits,
    Step,
    Timesteps,
    WeightBits,
    few,
    law,
    some,
    unique,
)
from hwsearch.study.section import Section
from hwsearch.study.yaml_border import broken

_MOST_LEVELS = 1000
Knob = Literal["sparsity", "weight_bits", "granularity"]
KNOBS: tuple[Knob, ...] = ("sparsity", "weight_bits", "granularity")
"""Knobs of which each layer may have its own."""


class SparsityRange(Section):
    """Sparsities from ``low`` to ``high``, both included, ``step`` apart.

    Attributes:
        low: The smallest.
        high: The largest.
        step: From one to the next; ``high`` - ``low`` is a whole number of steps.
    """

    low: Sparsity
    high: Sparsity
    step: Step

    @check("high")
    @classmethod
    def _above_low(cls, value: float, info: ValidationInfo) -> float:
        low = info.data.get("low")
        if low is not None and value <= low:
            raise broken("high must be above low", f"low {low}, high {value}")
        return value

    @check("step")
    @classmethod
    def _whole_steps(cls, value: float, info: ValidationInfo) -> float:
        low, high = info.data.get("low"), info.data.get("high")
        if low is None or high is None:
            return value
        if (high - low) / value > _MOST_LEVELS - 1:
            raise broken(f"a range may have {_MOST_LEVELS} levels at most", todo="enlarge step")
        steps = round((high - low) / value)
        if steps < 1 or not math.isclose(steps * value, high - low, rel_tol=1e-9):
            raise broken("high - low must be a whole number of steps", f"{high} - {low} by {value}")
        return value

    @property
    def levels(self) -> tuple[float, ...]:
        """Every sparsity of the range, rising."""
        steps = round((self.high - self.low) / self.step)
        return tuple(round(self.low + index * self.step, 12) for index in range(steps + 1))


class Space(Section):
    """What is searched.

    Attributes:
        sparsity: Levels, or a range of them; the fraction of weights removed.
        granularity: Of the pruning.
        weight_bits: Bits of a weight.
        timesteps: T of the deployed model.
        state_bits: Widths of membranes, of those that the device offers; None: its own.
        per_layer: Knobs of which each layer has its own; true: sparsity and bits. The granularity only together with
            the sparsity, which n:m gives its steps.
        scope: Whether weights are ranked over the network or layer by layer.
        gentle: How many times less the first and last layer are pruned; 1: like the others.
    """

    sparsity: Annotated[
        Annotated[tuple[Sparsity, ...], some, few, unique, Tag("list")]
        | Annotated[SparsityRange, Tag("range")],
        Discriminator(lambda v: "range" if isinstance(v, dict | SparsityRange) else "list"),
    ]
    granularity: Annotated[tuple[Granularity, ...], some, unique]
    weight_bits: Annotated[tuple[WeightBits, ...], some, unique]
    timesteps: Annotated[tuple[Timesteps, ...], some, unique]
    state_bits: Annotated[tuple[StateBits, ...], some, unique] | None = None
    per_layer: bool | tuple[Knob, ...] = False
    scope: Literal["global", "layer"] = "global"
    gentle: Annotated[
        float,
        law("gentle must be at least 1 (1: like other layers)", lambda v: v >= 1),
        law("gentle may be 1000 at most", lambda v: v <= 1000),
    ] = 2.0

    @check("per_layer", mode="before")
    @classmethod
    def _known_knobs(cls, value: Any) -> Any:
        if isinstance(value, bool):
            return value
        law = f"per_layer must be true, false or a list out of {', '.join(KNOBS)}"
        if not isinstance(value, list | tuple) or not value or not all(knob in KNOBS for knob in value):
            raise broken(law)
        if len(set(value)) < len(value):
            raise broken("a list may not repeat a value")
        if "granularity" in value and "sparsity" not in value:
            law = "a granularity for each layer needs a sparsity for each, since n:m gives it its steps"
            raise broken(law, todo="add sparsity")
        knobs = tuple(knob for knob in KNOBS if knob in value)
        return True if knobs == KNOBS[:2] else knobs

    @property
    def knobs_per_layer(self) -> tuple[Knob, ...]:
        """Knobs of which each layer has its own."""
        if isinstance(self.per_layer, bool):
            return KNOBS[:2] if self.per_layer else ()
        return self.per_layer

    @property
    def ranking(self) -> Literal["global", "layer"]:
        """Where weights are ranked: sparsities of layers rank each layer on its own."""
        return "layer" if "sparsity" in self.knobs_per_layer else self.scope

    @property
    def sparsity_levels(self) -> tuple[float, ...]:
        """Every sparsity that a candidate may have, in the order of the study."""
        return self.sparsity.levels if isinstance(self.sparsity, SparsityRange) else self.sparsity


class Device(Section):
    """The hardware and what may be spent on it.

    Attributes:
        profile: Id or YAML file of the hardware profile.
        budgets: Upper limits, by quantity: a number in its unit, or with a unit (``16 KiB``, ``20 uJ``).
        storage: How the format of each connection's weights is chosen on a microcontroller: the ``smallest``; the
            ``fastest``, of fewest instructions; ``both``: the fastest where it finds room within the budget of
            ``memory_bytes``, else the smallest.
        firmware: Whether the exported C library's code and instructions are priced: as the ``profile`` says, or
            ``priced`` whatever it says, on a microcontroller whose profile names its core.
    """

    profile: Annotated[str, law("a profile must be an id or the path of a YAML file", str.strip)]
    budgets: dict[BudgetName, Budget] = Field(default_factory=dict)
    storage: Literal["smallest", "fastest", "both"] = "smallest"
    firmware: Literal["profile", "priced"] = "profile"

    @check("budgets", mode="before")
    @classmethod
    def _with_their_names(cls, value: Any) -> Any:
        # the unit that a limit may have depends on its name
        return {name: (name, limit) for name, limit in value.items()} if isinstance(value, dict) else value


class Augment(Section):
    """How training images are changed, each by another draw in every epoch; a sequence's frames alike.

    Attributes:
        shift: Most pixels that an image is moved by, up or down and to either side; what moves in is the most frequent
            value of the images' edges.
        flip: ``horizontal``: half of the images are mirrored, left for right.
    """

    shift: Annotated[int, law("shift must lie in 0 .. 512 pixels", lambda v: 0 <= v <= 512)] = 0
    flip: Literal["none", "horizontal"] = "none"

    @model_validator(mode="after")
    def _something_changes(self) -> Self:
        if self.shift == 0 and self.flip == "none":
            law = "augment must move images (shift) or mirror them (flip: horizontal)"
            raise broken(law, "neither", "write for example augment: {shift: 2}, or leave augment out")
        return self


class Train(Section):
    """How networks are trained: the dense one (``dense_...``) and candidates.

    Attributes:
        dense_epochs, epochs: Passes over the training samples.
        batch_size: Samples a step.
        dense_learning_rate, learning_rate: Adam's, at the start of a cosine.
        loss_gain: Factor on the readout before the softmax.
        input_noise: Standard deviation of noise on training inputs, as a share of their range.
        class_weights: ``balanced``: each class weighs N / (classes N_class) in the loss, of the training samples, so
            that all have the same say.
        augment: How training images are moved and mirrored; None: they are read as they are.
        neuron_loop: The fused loop, or spikingjelly's own neuron.
    """

    dense_epochs: Count = 40
    epochs: Count = 20
    batch_size: Count = 64
    dense_learning_rate: Positive = 0.002
    learning_rate: Positive = 0.002
    loss_gain: Positive = 1.0
    input_noise: Share = 0.0
    class_weights: Literal["none", "balanced"] = "none"
    augment: Augment | None = None
    neuron_loop: Literal["fused", "spikingjelly"] = "fused"
