"""A trained network that a study names by its NIR file: the dense reference, instead of one that starts from chance."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hwsearch.data.frames import timestep_inputs
from hwsearch.data.samples import Dataset
from hwsearch.errors import Fault, InputError
from hwsearch.graph.graph import NetworkSpec
from hwsearch.network.nir.importer import Imported, NirOptions, import_nir
from hwsearch.network.nir.run import kept_predictions
from hwsearch.network.params import Params
from hwsearch.study.model import Study

_TRIED = 128
"""Validation samples on which is counted what the shifts take."""


@dataclass(frozen=True, eq=False)
class Given:
    """A network of another framework.

    Attributes:
        params: Its weights.
        fine_tune: Whether it is trained on.
        path: Its file.
        digest: 16 hex digits of the file's content.
        notes: What was taken for granted, and what the nearest shifts took from its leaks.
    """

    params: Params
    fine_tune: bool
    path: Path
    digest: str
    notes: tuple[str, ...]


def given_network(study: Study, data: Dataset, study_path: Path | None) -> tuple[NetworkSpec, Given]:
    """Return the network of a study's NIR file, on its data.

    Args:
        study: Its ``network.nir`` names the file.
        data: What the network reads.
        study_path: A relative path is taken from this file's folder.

    Raises:
        InputError: There is no such file, it is damaged, or the machine cannot do what it says: each node that is to
            blame, with what to do; or it does not go with the data.
    """
    nir = study.network.nir
    assert nir is not None
    path = Path(nir.file) if study_path is None else study_path.parent / nir.file
    if not path.is_file():
        raise InputError(
            [Fault("network.nir", "a NIR file must exist", f"no file {str(path)!r}", "correct the path")]
        )
    options = NirOptions(nir.dt, nir.reset, nir.full_scale)
    first = study.tickets.order == "quantise_then_prune"
    found = import_nir(path, data.input, options, quantise_first=first)
    faults = []
    if found.spec.classes != data.classes:
        law = f"the network must have an output for each of the {data.classes} classes of {data.name}"
        faults.append(Fault("network.nir", law, f"{found.spec.classes} outputs", "choose its own data"))
    if data.frames is not None and max(study.space.timesteps) > data.frames:
        law = f"timesteps may be {data.frames} at most, the frames of a sample of {data.name}"
        faults.append(Fault("space.timesteps", law, str(max(study.space.timesteps))))
    if faults:
        raise InputError(faults)
    readout = replace(found.spec.readout, labels="step" if data.labels_each_frame else "sample")
    content = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    spec = replace(found.spec, readout=readout)
    notes = tuple(_notes(found, nir.fine_tune, _kept(found, data, max(study.space.timesteps))))
    return spec, Given(found.params, nir.fine_tune, path, content, notes)


def _kept(found: Imported, data: Dataset, timesteps: int) -> dict[str, float]:
    """Return which share of predictions each population's shift keeps, and all together (see `network.nir.run`)."""
    if not found.snaps:
        return {}
    inputs = timestep_inputs(data.x_val[:_TRIED], data.input, timesteps).swapaxes(0, 1) / data.input.max
    return kept_predictions(found.spec, found.params, found.exact_leaks, inputs)


def _notes(found: Imported, fine_tune: bool, kept: Mapping[str, float]) -> list[str]:
    """Return what a reader of the run must know of the network that came in."""
    done = "trained on from its weights" if fine_tune else "taken as it is, without any training"
    notes = [f"the dense network is that of the NIR file, {done}", *(f"NIR: {note}" for note in found.notes)]
    for snap in found.snaps:
        taken = "no leak" if snap.leak_shift is None else f"2**-{snap.leak_shift}"
        notes.append(
            f"NIR: {snap.population} ({snap.node}): leak {snap.leak:.4g} a timestep became {taken}, "
            f"off by {snap.error:.1%} at most"
            + (
                f"; {1 - kept[snap.population]:.1%} of predictions change by it"
                if snap.population in kept
                else ""
            )
        )
    if "all" in kept:
        notes.append(f"NIR: the shifts together change {1 - kept['all']:.1%} of {_TRIED} predictions at most")
    return notes
