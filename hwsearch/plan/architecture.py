"""The dense architectures of a study on its data: shapes, time and labels that go together, or every fault.

Not for what the device makes of it: see `plan` and `hardware.rules`.
"""

from __future__ import annotations

from collections.abc import Sequence

from hwsearch.data.samples import Dataset
from hwsearch.errors import Fault, InputError
from hwsearch.graph.explicit import ListError, read_list
from hwsearch.graph.graph import NetworkSpec, Readout
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.graph.spelling import read_spelling
from hwsearch.study.model import Study

MOST_WEIGHTS = 2**26
"""More than any device of this kind stores; the stack that trains them takes seven times as many floats, 2 GB."""

MOST_ACTIVATIONS = 2**27
"""Membranes of a step of training; the backward pass keeps about three floats for each, 1.6 GB."""


def network_specs(study: Study, data: Dataset) -> tuple[NetworkSpec, ...]:
    """Return the dense architectures of a study on a data set: one, or those that it lists to choose from.

    Raises:
        InputError: The layers do not go together with the input, or the timesteps or labels with the data, or the
            networks of a list with each other; all faults that can be told are in it.
    """
    faults, specs = _time_faults(study, data), list[NetworkSpec]()
    several = study.network.alternatives
    for number, spelling in enumerate(study.network.spellings or (None,)):
        where = _place(study) + (f".{number}" if several else "")
        try:
            spec = _graph(study, data, spelling)
            specs.append(spec)
            faults += [*_size_faults(where, spec), *_activation_faults(where, spec, study, data)]
        except ListError as error:
            faults += [
                Fault(where if f.place is None else f"{where}.{f.place}", f.law, f.got, f.todo)
                for f in error.faults
            ]
        except ValueError as error:
            faults.append(Fault(where, str(error), spelling or ""))
    if len(specs) == len(several):
        faults += _layer_faults(study, specs)
    if faults:
        raise InputError(faults)
    return tuple(specs)


def _place(study: Study) -> str:
    """Return the key that says the architecture."""
    return "network.connections" if study.network.layers is None else "network.layers"


def _graph(study: Study, data: Dataset, spelling: str | None) -> NetworkSpec:
    """Return an architecture, whatever its size.

    Args:
        study: Its neurons and readout.
        data: What it reads.
        spelling: Its layers; None: the study lists its connections.

    Raises:
        ValueError: The layers do not go together with the input; a `ListError` where connections are listed.
    """
    network, read = study.network, data.input
    law = NeuronLaw(network.leak_shift, network.threshold, network.reset)
    norm, pool = network.batch_norm, network.pool
    if spelling is not None:
        graph = read_spelling(spelling, read, data.classes, law, norm=norm, pool=pool)
    else:
        graph = read_list(network.entries, read, data.classes, law, norm=norm, pool=pool)
    readout = Readout(**dict(network.readout))
    quantise_first = study.tickets.order == "quantise_then_prune"
    return NetworkSpec(*graph, read, data.classes, readout, quantise_first)


def _layer_faults(study: Study, specs: Sequence[NetworkSpec]) -> list[Fault]:
    """Return which networks of a list have other layers than the first, where layers have knobs of their own."""
    knobs = study.space.knobs_per_layer
    if not knobs:
        return []
    faults = []
    for number, spec in enumerate(specs[1:], start=1):
        got = f"{study.network.alternatives[number]}: {len(spec.prunable)}, "
        got += f"{study.network.alternatives[0]}: {len(specs[0].prunable)}"
        todo = "leave space.per_layer out, or list networks of as many layers"
        if len(spec.prunable) != len(specs[0].prunable):
            law = "where layers have knobs of their own, all networks must have as many that are pruned"
            faults.append(Fault(f"network.layers.{number}", law, got, todo))
        elif "granularity" in knobs and _kinds(spec) != _kinds(specs[0]):
            law = "where layers have granularities of their own, those of all networks must be of the same kinds"
            got = f"{', '.join(_kinds(spec))}; the first has {', '.join(_kinds(specs[0]))}"
            faults.append(Fault(f"network.layers.{number}", law, got, todo))
    return faults


def _kinds(spec: NetworkSpec) -> list[str]:
    """Return what can be pruned, layer by layer: filters or not."""
    return [spec.connections[i].kind for i in spec.prunable]


def _size_faults(where: str, spec: NetworkSpec) -> list[Fault]:
    """Return whether there are more weights than can be trained."""
    if spec.n_weights <= MOST_WEIGHTS:
        return []
    largest = max(spec.connections, key=lambda c: c.n_weights)
    law = f"a network may have {MOST_WEIGHTS:,} weights at most"
    got = f"{spec.n_weights:,}, {largest.n_weights:,} of them into {spec.populations[largest.target].name!r}"
    return [Fault(where, law, got, "use fewer channels, or pool what it reads")]


def _activation_faults(where: str, spec: NetworkSpec, study: Study, data: Dataset) -> list[Fault]:
    """Return whether a step of training keeps more membranes than memory holds."""
    neurons, longest = sum(p.neurons for p in spec.populations), max(study.space.timesteps)
    batch = min(study.train.batch_size, len(data.y_train))
    if neurons * longest * batch <= MOST_ACTIVATIONS:
        return []
    law = f"neurons times timesteps times the samples of a step may be {MOST_ACTIVATIONS:,} at most"
    got = f"{neurons:,} times {longest} times {batch:,}"
    return [Fault(where, law, got, "use fewer channels, pool, or lower train.batch_size or timesteps")]


def _time_faults(study: Study, data: Dataset) -> list[Fault]:
    """Return what of the study needs other frames, or labels of other times, than the data have."""
    faults = []
    frames, longest = data.frames, max(study.space.timesteps)
    if frames is not None and longest > frames:
        law = f"timesteps may be {frames} at most, the frames of a sample of {data.name}"
        faults.append(Fault("space.timesteps", law, str(longest), "a bin holds at least one frame"))
    labels = study.network.readout.labels
    if (labels == "step") != data.labels_each_frame:
        each = "frame" if data.labels_each_frame else "sample"
        law = f"the readout must predict as often as {data.name} has labels: one a {each}"
        todo = "set labels: step" if data.labels_each_frame else "set labels: sample"
        faults.append(Fault("network.readout.labels", law, labels, todo))
    return faults
