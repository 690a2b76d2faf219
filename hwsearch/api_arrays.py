"""The Python interface to data that are in memory: ``hwsearch.search`` takes arrays, and needs no file.

>>> result = hwsearch.search(x, y, network="fc64-fc32", device="nrf52840",
...                          budgets={"memory_bytes": 16384}, groups=machine)           # doctest: +SKIP
>>> result.study.write("line3.yaml")      # the same question as a file                 # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from hwsearch.api import Asker, answer
from hwsearch.api_sections import Arguments, Said, known_profile, said
from hwsearch.data.given import Array, digest_of_arrays, numpy_of, read_arrays, write_arrays
from hwsearch.data.readers.arrays import Places, samples_of
from hwsearch.data.samples import Samples
from hwsearch.errors import Fault, InputError
from hwsearch.hardware.device import HardwareProfile
from hwsearch.network.nir.file import write_graph
from hwsearch.records.changed import refuse_changed
from hwsearch.records.events import Event
from hwsearch.records.run_folder import RunFolder
from hwsearch.results.result import Result
from hwsearch.search.jobs.scheduler import Scheduler
from hwsearch.study.digest import digest
from hwsearch.study.model import Study, override
from hwsearch.study.said import at_arguments, said_study


def search(
    x: Any,
    y: Any,
    *,
    device: str | Path | HardwareProfile,
    network: Any = None,
    budgets: Mapping[str, float | str] | None = None,
    groups: Any = None,
    x_test: Any = None,
    y_test: Any = None,
    axes: str | None = None,
    score: str | None = None,
    within: float | str | None = None,
    candidates: int | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    workers: int = 1,
    storage: str | None = None,
    train_on: str = "auto",
    scheduler: str | Scheduler | None = None,
    listen: Callable[[Event], None] | None = None,
    **sections: Any,
) -> Result:
    """Search the smallest network that tells these samples apart on a device; the same call goes on where it stopped.

    Args:
        x: Samples [N, C], [N, C, H, W] or sequences [N, T0, C, H, W]; of three axes, ``axes`` says which. Whole numbers
            0 .. 255 stay as they are; others are measured values, of which the training samples' mean and deviation
            make whole numbers. Numpy arrays, torch tensors, pandas frames or lists.
        y: Classes 0 .. K - 1, or text: [N], or for a label a frame [N, T0].
        device: Id or YAML file of a hardware profile (``hwsearch profiles list``).
        network: A string (``"fc64-fc32"``), an ``nir.NIRGraph`` or the path of a ``.nir`` file, a list of connections,
            or a study's section as a dict; None: one of a few layers by the shape of ``x``.
        budgets: Upper limits by cost: ``{"memory_bytes": "16 KiB"}``.
        groups: [N] numbers or text: what belongs together (a speaker, a run, a machine) stays in one part.
        x_test: Samples of a test part; None: it is drawn.
        y_test: Its classes; with groups, no group of ``x`` is among them.
        axes: ``NC``, ``NTC``, ``NCL``, ``NCHW`` or ``NTCHW``; None: by the number of axes.
        score: What the error is the loss of: ``accuracy``, or another that a study may name; None: accuracy.
        within: Accuracy that may be lost against the dense network: ``"1%"`` or 0.01, which is the default.
        candidates: How many are asked; None: 64.
        seed: Of all chance.
        out: The run folder; None: ``runs/<name>``, and without a ``name`` one of the question's own.
        workers: Processes that train; results do not depend on it. With more than one, a script needs the usual
            ``if __name__ == "__main__":``.
        storage: URL of an Optuna storage; None: the one that the folder remembers, else a file in it.
        train_on: ``cpu``, ``cuda``, or ``auto``: the GPU where torch finds one.
        scheduler: ``tcp://HOST:PORT`` of a Dask cluster whose workers train instead; with certificates, a `Scheduler`.
        listen: Told of every event.
        **sections: All else that a study file says, by its keys: ``space={"weight_bits": [2, 4]}``, ``train=``,
            ``data={"validation": 0.1}``, ``search=``, ``tickets=``, ``final=``, ``pick=``, ``objectives=``, ``name=``,
            ``description=``. They are put over what is proposed for these samples and this device.

    Returns:
        The result; its folder holds the arrays (``data.npz``) and the study (``study.yaml``).

    Raises:
        InputError: An argument breaks a law: all such faults, by the arguments' names; nothing was spent or written.
        NothingFits: No candidate keeps every budget; the message names the nearest miss.
        StorageAway: The storage is locked or cannot be reached.
        WorkersAway: Those who train cannot be reached, or die again and again.
    """
    faults: list[Fault] = []
    arrays, samples = _samples(x, y, groups, x_test, y_test, axes, faults)
    profile = None
    try:
        profile = known_profile(device)
    except InputError as error:
        faults += error.faults
    given = Arguments(device, network, budgets, axes, score, within, candidates, seed, sections)
    question = said(given, samples, profile, arrays)
    study = _checked(question, faults)
    assert profile is not None  # else its fault was raised
    folder = RunFolder(Path(out) if out is not None else _folder(study, "name" in sections, arrays))
    study = override(study, data_root=str(folder.path.resolve()))
    try:
        refuse_changed(study, profile, folder)
        with _kept(folder, arrays, question.graph):
            return answer(study, folder.study, folder, Asker(workers, storage, train_on, listen, scheduler))
    except InputError as error:
        raise InputError(at_arguments(error.faults, question.names, folder.study)) from None


def _samples(
    x: Any, y: Any, groups: Any, x_test: Any, y_test: Any, axes: str | None, faults: list[Fault]
) -> tuple[dict[str, Array], Samples | None]:
    """Return the arrays by their names in the file, and what they are; None: they are at fault."""
    given = {"x": x, "y": y, "groups": groups, "x_test": x_test, "y_test": y_test}
    found: dict[str, Array] = {}
    for name, value in given.items():
        if value is not None or name in ("x", "y"):
            try:
                found[name] = numpy_of(value, name)
            except InputError as error:
                faults += error.faults
    if ("x_test" in found) != ("y_test" in found):
        there, missing = ("x_test", "y_test") if "x_test" in found else ("y_test", "x_test")
        faults.append(Fault(missing, f"a test part needs both x_test and y_test, and {there} is given"))
    if faults:
        return {}, None
    return _joined(found, axes, faults)


def _joined(
    found: dict[str, Array], axes: str | None, faults: list[Fault]
) -> tuple[dict[str, Array], Samples | None]:
    """Return the arrays with the test part behind the others, and what they are."""
    arrays, test = {"x": found["x"], "y": found["y"]}, None
    if "x_test" in found:
        try:
            arrays = {name: np.concatenate([found[name], found[f"{name}_test"]]) for name in arrays}
        except ValueError as error:
            faults.append(Fault("x_test", "it must be like x but for the number of samples", str(error)))
            return {}, None
        test = np.repeat([False, True], [len(found["x"]), len(found["x_test"])])
        arrays["part"] = np.where(test, "test", "train")
    if "groups" in found:
        arrays["group"] = found["groups"]
    places = Places({"official_test": "x_test"})
    try:
        return arrays, samples_of(
            arrays["x"],
            arrays["y"],
            axes=axes,
            groups=arrays.get("group"),
            official_test=test,
            places=places,
        )
    except InputError as error:
        faults += error.faults
        return {}, None


def _checked(question: Said, faults: list[Fault]) -> Study:
    """Return the study, or raise its faults together with those that were found before."""
    found = [*faults, *question.faults]
    try:
        study = said_study(question.content, question.names)
    except InputError as error:
        raise InputError([*found, *error.faults]) from None
    if found:
        raise InputError(found)
    return study


def _folder(study: Study, named: bool, arrays: Mapping[str, Array]) -> Path:
    """Return the run folder of a question: by its name, or else by a digest of it and of its data."""
    if named:
        return Path("runs") / study.name
    asked = digest([study.digest, study.device.profile, digest_of_arrays(arrays)])
    return Path("runs") / f"{study.name}-{asked[:8]}"


@contextmanager
def _kept(folder: RunFolder, arrays: Mapping[str, Array], graph: Any) -> Iterator[None]:
    """Keep arrays and network in the run folder, where its study finds them; where it is refused, nothing stays.

    Raises:
        InputError: The folder holds a run of other arrays or another network.
    """
    if folder.study.exists():
        _refuse_others(folder, arrays, graph)
        yield
        return
    new = not folder.path.exists()
    folder.path.mkdir(parents=True, exist_ok=True)
    try:
        write_arrays(arrays, folder.data)
        if graph is not None:
            write_graph(graph, folder.network)
        yield
    except InputError:
        if not folder.study.exists():
            folder.data.unlink(missing_ok=True)
            folder.network.unlink(missing_ok=True)
            if new and not any(folder.path.iterdir()):
                folder.path.rmdir()
        raise


def _refuse_others(folder: RunFolder, arrays: Mapping[str, Array], graph: Any) -> None:
    law, todo = "a run folder holds the run of one data set", "choose another out"
    if not folder.data.exists() or digest_of_arrays(read_arrays(folder.data)) != digest_of_arrays(arrays):
        got = f"other arrays than those of {folder.data}"
        raise InputError([Fault("x", law, got, todo)])
    if graph is not None:
        again = folder.network.with_name(folder.network.name + ".part")
        write_graph(graph, again)
        same = folder.network.exists() and again.read_bytes() == folder.network.read_bytes()
        again.unlink()
        if not same:
            law = "a run folder holds the run of one network"
            raise InputError([Fault("network", law, f"another than {folder.network}", todo)])
