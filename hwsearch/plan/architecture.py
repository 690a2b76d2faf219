"""The dense architecture of a study on its data: shapes, time and labels that go together, or every fault.

Not for what the device makes of it: see `plan` and `hardware.rules`.
"""

from __future__ import annotations

from hwsearch.data.samples import Dataset
from hwsearch.errors import Fault, InputError
from hwsearch.graph.explicit import ListError, read_list
from hwsearch.graph.graph import NetworkSpec, Readout
from hwsearch.graph.neuron_law import NeuronLaw
from hwsearch.graph.spelling import read_spelling
from hwsearch.study.model import Study

MOST_WEIGHTS = 2**26
"""More than any device of this kind stores; the stack that trains them takes seven times as many floats, 2 GB."""


def network_spec(study: Study, data: Dataset) -> NetworkSpec:
    """Return the dense architecture of a study on a data set.

    Raises:
        InputError: The layers do not go together with the input, or the timesteps or labels with the data; all faults
            that can be told are in it.
    """
    faults, spec = _time_faults(study, data), None
    try:
        spec = _graph(study, data)
    except ListError as error:
        faults += [
            Fault(
                "network.connections" if f.place is None else f"network.connections.{f.place}",
                f.law,
                f.got,
                f.todo,
            )
            for f in error.faults
        ]
    except ValueError as error:
        faults.append(Fault("network.layers", str(error), study.network.layers or ""))
    if spec is not None:
        faults += _size_faults(study, spec)
    if faults or spec is None:
        raise InputError(faults)
    return spec


def _graph(study: Study, data: Dataset) -> NetworkSpec:
    """Return the architecture, whatever its size.

    Raises:
        ValueError: The layers do not go together with the input; a `ListError` where connections are listed.
    """
    network, read = study.network, data.input
    law = NeuronLaw(network.leak_shift, network.threshold, network.reset)
    norm, pool = network.batch_norm, network.pool
    if network.layers is not None:
        graph = read_spelling(network.layers, read, data.classes, law, norm=norm, pool=pool)
    else:
        graph = read_list(network.entries, read, data.classes, law, norm=norm, pool=pool)
    readout = Readout(**dict(network.readout))
    quantise_first = study.tickets.order == "quantise_then_prune"
    return NetworkSpec(*graph, read, data.classes, readout, quantise_first)


def _size_faults(study: Study, spec: NetworkSpec) -> list[Fault]:
    """Return whether there are more weights than can be trained."""
    if spec.n_weights <= MOST_WEIGHTS:
        return []
    largest = max(spec.connections, key=lambda c: c.n_weights)
    where = "network.connections" if study.network.layers is None else "network.layers"
    law = f"a network may have {MOST_WEIGHTS:,} weights at most"
    got = f"{spec.n_weights:,}, {largest.n_weights:,} of them into {spec.populations[largest.target].name!r}"
    return [Fault(where, law, got, "use fewer channels, or pool what it reads")]


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
