"""What a run's numbers depend on besides its study: written down where it begins, and guarded where it goes on.

Another torch, the loops in C or not, a GPU or none, other samples: each gives other bits, and a run that mixes two
equals neither. So what differs is refused by name (`check_environment`). What may only change last bits or the order of
proposals, the processor say, is told in a note. Folders of earlier versions have no such record, and go on without.
"""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from hwsearch.errors import Fault, InputError
from hwsearch.native.library import library
from hwsearch.own_code import code_digest
from hwsearch.plan.plan import Plan
from hwsearch.records.files import write_text
from hwsearch.records.run_folder import RunFolder
from hwsearch.search.store.cache import Cache
from hwsearch.study.digest import digest

_FORMAT = 1
_CODE, _LOOPS, _DEVICE, _SAMPLES = "code of hwsearch", "loops", "device", "samples"


@dataclass(frozen=True)
class Environment:
    """What numbers are computed with, by name.

    Attributes:
        results: What they depend on.
        around: What may change their last bits, or what is proposed.
    """

    results: Mapping[str, str]
    around: Mapping[str, str]

    @property
    def key(self) -> str:
        """Names what was trained with it, for runs that share a cache; samples are in the names there already."""
        return digest({name: value for name, value in self.results.items() if name != _SAMPLES})


def environment_of(plan: Plan, device: str) -> Environment:
    """Return what a run of a plan on a device (``cpu``, ``cuda``) would be computed with here and now."""
    around = _around(device)
    if plan.others:
        around["runs learned from"] = digest([record.to_json() for record in plan.others])
    return Environment({**computed_with(plan, device), _SAMPLES: plan.samples_digest}, around)


def computed_with(plan: Plan, device: str) -> dict[str, str]:
    """Return what a job's numbers depend on besides the job, by name: the same wherever they may be put together."""
    names = ["hwsearch", "torch", "numpy"]
    if plan.study.train.neuron_loop == "spikingjelly":
        names.append("spikingjelly")
    found = {name: importlib.metadata.version(name) for name in names}
    return found | {
        _CODE: code_digest(),
        _LOOPS: "C" if library() is not None else "torch",
        _DEVICE: device,
    }


def check_environment(folder: RunFolder, now: Environment) -> list[str]:
    """Refuse to go on in a folder with what would give other numbers; return notes on what may.

    Raises:
        InputError: What differs, each with what it was; or the record cannot be read.
    """
    if not folder.environment.exists():
        return []
    then = _read(folder.environment)
    law = "a run must go on with what it was begun with: what another gives equals neither run"
    faults = [
        Fault(name, law, f"{now.results.get(name, 'none')}, begun with {value}", _todo(name, value), folder.environment)
        for name, value in then.results.items()
        if now.results.get(name) != value
    ]  # fmt: skip
    if faults:
        raise InputError(faults)
    return [
        f"begun with {name} {value}, goes on with {now.around.get(name, 'none')}: what is proposed or trained from "
        "here on may differ from what an unbroken run would have given"
        for name, value in then.around.items()
        if now.around.get(name) != value
    ]


def record_environment(folder: RunFolder, now: Environment) -> str:
    """Write down what a folder's run is begun with; return its key, empty for a folder that was begun without.

    The folder must have passed `check_environment`.
    """
    if not folder.environment.exists():
        if folder.study.exists() or folder.cache.exists():
            return ""
        folder.path.mkdir(parents=True, exist_ok=True)
        write_text(folder.environment, json.dumps({"format": _FORMAT, **asdict(now)}, indent=1))
    return now.key


def open_cache(folder: RunFolder, plan: Plan, device: str, tell: Callable[[str], object]) -> Cache:
    """Return the cache of a folder where a plan is worked on, its environment checked and recorded.

    Raises:
        InputError: As `check_environment`.
    """
    now = environment_of(plan, device)
    for note in check_environment(folder, now):
        tell(note)
    return Cache(folder.cache, plan.digest, folder.shared, record_environment(folder, now), tell)


def recorded_device(folder: RunFolder) -> str | None:
    """Return the device that a folder's run trains on; None where it does not say.

    Raises:
        InputError: Its record cannot be read.
    """
    return _read(folder.environment).results.get(_DEVICE) if folder.environment.exists() else None


def is_as_recorded(folder: RunFolder, now: Environment) -> bool:
    """Return whether what is trained here and now has the bits of a folder's run, as far as it says."""
    return not folder.environment.exists() or _read(folder.environment).results == now.results


def _read(path: Path) -> Environment:
    """Return what a folder was begun with.

    Raises:
        InputError: It cannot be read.
    """
    try:
        values: Any = json.loads(path.read_text(encoding="utf-8"))
        if values["format"] != _FORMAT:
            raise ValueError(f"format {values['format']}")
        return Environment(_texts(values["results"]), _texts(values["around"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        law = "what a run folder says of what its run was begun with must be readable"
        todo = "put the file back as it was, or choose another --out"
        raise InputError([Fault("", law, repr(error)[:80], todo, path)]) from None


def _texts(values: Any) -> dict[str, str]:
    return {str(name): str(value) for name, value in values.items()}


def _todo(name: str, then: str) -> str:
    """Say how what a run was begun with is had again."""
    other = "or choose another --out"
    if name == _CODE:
        return f"put the code back as it was, {other}"
    if name == _LOOPS:
        back = (
            "set HWSEARCH_NATIVE=0"
            if then == "torch"
            else "install a C compiler and leave HWSEARCH_NATIVE out"
        )
        return f"{back}, {other}"
    if name == _DEVICE:
        return f"give --device {then}, {other}"
    if name == _SAMPLES:
        return f"put the data and what reads them back as they were, {other}"
    return f"install {name} {then} again, {other}"


def _around(device: str) -> dict[str, str]:
    """Return what may change last bits or proposals, by name."""
    found = {name: importlib.metadata.version(name) for name in ("optuna", "scipy")}
    found |= {"python": platform.python_version(), "processor": _processor()}
    # a cluster's workers may have GPUs where the driver has none
    return (
        found | {"GPU": torch.cuda.get_device_name()}
        if device != "cpu" and torch.cuda.is_available()
        else found
    )


def _processor() -> str:
    """Return what torch and its libraries choose their kernels by: the processor, and which of its instructions."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # no Linux
        lines = []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return f"{model or platform.machine()}, {torch.backends.cpu.get_cpu_capability()}"
