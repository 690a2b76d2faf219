"""The section ``network`` of a study: the populations and connections, their neurons and the readout.

Not for the shapes, which need the data (`plan`), nor for what a list of connections means (`graph.explicit`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    model_serializer,
    model_validator,
)
from pydantic import field_validator as check

from hwsearch.graph import spelling
from hwsearch.graph.entry_laws import Entry, entry_faults
from hwsearch.study.laws import (
    Channels,
    Count,
    Population,
    Positive,
    ReadoutLeak,
    Said,
    Sides,
    Window,
    few,
    law,
    some,
    unique,
)
from hwsearch.study.section import Section
from hwsearch.study.yaml_border import all_broken, broken

Kind = Literal["conv", "depthwise", "fc", "identity"]
_KINDS: tuple[Kind, ...] = ("conv", "depthwise", "fc", "identity")
_odd = law("the sides of a filter must be odd", lambda v: all(side % 2 for side in v))


class ConnectionSection(Section):
    """A connection of an explicit list.

    Attributes:
        source: The population that it reads, by its name, or ``input``; its key is ``from``.
        target: The population that it enters, or ``readout``; its key is ``to``.
        conv, depthwise: Sides of the filters.
        fc, identity: Whether it is fully connected, or a weight a channel.
        channels, units: Of its target; said at one of the connections that enter it.
        stride: Of the filters.
        pool: Of what it reads: the window's sides, or ``global``.
        delay: Timesteps until a spike arrives.
    """

    source: Population = Field(alias="from")
    target: Population = Field(alias="to")
    conv: Annotated[Sides, _odd] | None = None
    depthwise: Annotated[Sides, _odd] | None = None
    fc: Said | None = None
    identity: Said | None = None
    channels: Channels | None = None
    units: Channels | None = None
    stride: Sides | None = None
    pool: Window | None = None
    delay: Literal[0, 1] = 0

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [kind for kind in _KINDS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            law = f"exactly one of {', '.join(_KINDS)} must be given"
            raise broken(law, " and ".join(kinds) or "none of them", "say what the connection is")
        if self.channels is not None and self.units is not None:
            law = "channels and units are two words for one number"
            raise broken(law, f"channels {self.channels}, units {self.units}", "leave one out", at=("units",))
        if self.fc and self.stride is not None:
            raise broken("fc has no filter that could stride", str(self.stride), "remove it", at=("stride",))
        return self

    @model_serializer
    def _as_written(self) -> dict[str, Any]:
        """Return the keys that were given."""
        return {
            type(self).model_fields[name].alias or name: list(value) if isinstance(value, tuple) else value
            for name, value in dict(self).items()
            if value is not None
        }

    @property
    def entry(self) -> Entry:
        """The connection as the graph reads it."""
        kind = next(kind for kind in _KINDS if getattr(self, kind) is not None)
        return Entry(
            self.source,
            self.target,
            kind,
            kernel=self.conv or self.depthwise or (1, 1),
            channels=self.channels or self.units,
            stride=self.stride or (1, 1),
            window=None if self.pool == "global" else self.pool or (1, 1),
            delay=self.delay,
        )


class ReadoutSection(Section):
    """How the readout makes a prediction of its currents.

    Attributes:
        last: Timesteps that it adds up, the last ones; None: all.
        leak_shift: k of its leak v - (v >> k); None: none.
        labels: One prediction a ``sample``, after its last timestep, or one after each ``step``.
    """

    last: Count | None = None
    leak_shift: ReadoutLeak | None = None
    labels: Literal["sample", "step"] = "sample"

    @check("labels")
    @classmethod
    def _all_steps_count_where_each_predicts(cls, value: str, info: ValidationInfo) -> str:
        if value == "step" and info.data.get("last") is not None:
            law = "a readout that predicts after each step adds up all of them"
            raise broken(law, todo="remove last, or set labels: sample")
        return value


class NirSection(Section):
    """A trained network of another framework, as the dense reference.

    Attributes:
        file: Its NIR file; a relative path is taken from the study's folder.
        fine_tune: Whether it is trained on from its weights (``train.dense_epochs``), or left as it is.
        dt: Time step in seconds; None: the file's, or the convention of 1e-4.
        reset: Of neurons whose file does not say.
        full_scale: What the framework's network was given where an input is at its largest integer.
    """

    file: Annotated[str, law("a NIR file must be the path of a .nir or .h5 file", str.strip)]
    fine_tune: bool = True
    dt: Positive | None = None
    reset: Literal["zero", "subtract", "subtract_next"] = "zero"
    full_scale: Positive = 1.0


def _keeps_the_grammar(value: str) -> str:
    """Refuse a spelling that breaks the grammar."""
    if faults := spelling.faults_of(value):
        raise broken("; ".join(faults), todo=f'{spelling.LAYERS}; for example "16c3-p2-32c3-p2-fc128"')
    return value


Spelling = Annotated[str, AfterValidator(_keeps_the_grammar)]
Layers = Annotated[
    Annotated[Spelling, Tag("one")] | Annotated[tuple[Spelling, ...], some, few, unique, Tag("list")],
    Discriminator(lambda v: "list" if isinstance(v, list | tuple) else "one"),
]


class Network(Section):
    """The dense architecture that tickets are cut from.

    Attributes:
        layers: Tokens joined by ``-`` (`graph.spelling`); the readout is added by itself. Or a list of such networks to
            choose from.
        connections: The same as a list, where no string says it (`graph.explicit`).
        nir: A trained network of another framework instead: its weights, neurons and readout are the file's.
        neuron: Leaky or plain integrate-and-fire.
        leak_shift: k of the leak v - (v >> k); None for ``if``.
        threshold: Firing threshold of the float network.
        reset: To zero, or by subtraction of the threshold.
        batch_norm: Whether a batch normalisation stands before each spiking neuron.
        pool: OR of spikes, or their sum.
        readout: How it predicts.
    """

    layers: Layers | None = None
    connections: Annotated[tuple[ConnectionSection, ...], some, few] | None = None
    nir: Annotated[NirSection, BeforeValidator(lambda v: {"file": v} if isinstance(v, str) else v)] | None = (
        None
    )
    neuron: Literal["lif", "if"] = "lif"
    leak_shift: int | None = Field(default_factory=lambda data: None if data.get("neuron") == "if" else 1)
    threshold: Positive = 1.0
    reset: Literal["zero", "subtract"] = "zero"
    batch_norm: bool = False
    pool: Literal["max", "sum"] = "max"
    readout: ReadoutSection = ReadoutSection()

    @check("layers")
    @classmethod
    def _one_is_no_choice(cls, value: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        return value[0] if isinstance(value, tuple) and len(value) == 1 else value

    @check("connections")
    @classmethod
    def _join_to_a_graph(
        cls, value: tuple[ConnectionSection, ...] | None
    ) -> tuple[ConnectionSection, ...] | None:
        if value is not None and (faults := entry_faults([section.entry for section in value])):
            raise all_broken(
                broken(f.law, f.got, f.todo, at=() if f.place is None else (f.place,)) for f in faults
            )
        return value

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        given = [name for name in ("layers", "connections", "nir") if getattr(self, name) is not None]
        if len(given) != 1:
            law = "exactly one of layers, connections and nir must be given"
            raise broken(law, " and ".join(given) or "none of them", "for example layers: fc128-fc128")
        if self.nir is not None and (said := self._besides_the_file()):
            law = f"a NIR file says its {said[0]} itself"
            raise broken(law, str(getattr(self, said[0])), "remove it", at=(said[0],))
        return self

    @check("leak_shift")
    @classmethod
    def _leak_only_if_leaky(cls, value: int | None, info: ValidationInfo) -> int | None:
        neuron = info.data.get("neuron")
        if neuron == "if" and value is not None:
            raise broken("an if neuron has no leak", todo="remove leak_shift, or set neuron: lif")
        if (neuron == "lif" and value is None) or (value is not None and not 1 <= value <= 8):
            raise broken("leak_shift of a lif neuron must lie in 1 .. 8")
        return value

    def _besides_the_file(self) -> list[str]:
        """Return the keys that say otherwise than their default what a NIR file says."""
        keys = ("neuron", "leak_shift", "threshold", "reset", "batch_norm", "pool")
        defaults = Network(layers="fc1")
        return [key for key in keys if getattr(self, key) != getattr(defaults, key)]

    @property
    def has_conv(self) -> bool:
        """Whether any layer is convolutional, of any network; of a NIR file, unread here, whether it may be."""
        if self.nir is not None:
            return True
        if self.spellings:
            return any(map(spelling.has_conv, self.spellings))
        return any(entry.kind in ("conv", "depthwise") for entry in self.entries)

    @property
    def spellings(self) -> tuple[str, ...]:
        """The spelling of each network to choose from; empty where none is spelled."""
        if self.layers is None:
            return ()
        return (self.layers,) if isinstance(self.layers, str) else self.layers

    @property
    def alternatives(self) -> tuple[str, ...]:
        """The names of the networks to choose from; empty where there is no choice."""
        return self.spellings if len(self.spellings) > 1 else ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The list of connections as the graph reads it; empty where layers are given."""
        return tuple(section.entry for section in self.connections or ())
