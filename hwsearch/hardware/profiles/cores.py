"""The file of a core: what the exported C library takes on it, emulated; `cores/<name>.yaml` beside the profiles.

Written by ``python -m benchmarks.firmware_instructions --write``; not by hand.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo
from pydantic import field_validator as check

from hwsearch.errors import Fault, InputError, did_you_mean
from hwsearch.hardware.firmware.complete import missing
from hwsearch.hardware.firmware.core import Core
from hwsearch.hardware.profiles.quantities import Section
from hwsearch.study.yaml_border import broken, read_yaml, validate

FOLDER = "cores"
"""Of the files of cores, in a folder of profiles."""

Amounts = dict[str, Annotated[float, Field(ge=0)]]
Differences = dict[str, Annotated[float, Field(allow_inf_nan=False)]]


class CoreSection(Section):
    """The whole file (see `firmware.core.Core`)."""

    schema_version: Literal[1]
    core: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    grade: Literal["emulated"]
    source: Annotated[str, Field(min_length=1)]
    errors: str
    instructions: Amounts
    code_bytes: Differences
    stack_bytes: Amounts
    test_bytes: Amounts

    @check("code_bytes")
    @classmethod
    def _any_network_can_be_told(cls, code_bytes: Differences, info: ValidationInfo) -> Differences:
        below = [name for name, n in code_bytes.items() if n < 0 and not name.startswith("inlined ")]
        if below:
            law = "bytes of a part must be 0 or more, but for what is inlined"
            raise broken(law, ", ".join(below[:5]), "write the file anew by the benchmark")
        core = Core(
            info.data.get("core", ""), instructions=info.data.get("instructions", {}), code_bytes=code_bytes
        )
        terms, parts = missing(core)
        if terms or parts:
            law = "a core must tell of every kernel of the library"
            raise broken(
                law, f"nothing of {', '.join([*terms, *parts][:5])}", "write the file anew by the benchmark"
            )
        return code_bytes


def core_of(name: str, folders: tuple[Path, ...], where: str = "") -> Core:
    """Return a core by its name.

    Args:
        name: As the compiler says it.
        folders: Of profiles, nearest first.
        where: What asks for it, for faults.

    Raises:
        InputError: There is none of that name, or its file breaks a law.
    """
    paths = [folder / FOLDER / f"{name}.yaml" for folder in folders]
    found = next((path for path in paths if path.exists()), None)
    if found is None:
        known = sorted({path.stem for folder in folders for path in (folder / FOLDER).glob("*.yaml")})
        raise InputError(
            [Fault(where, "a core must be known", repr(name), did_you_mean(name, known, "cores"))]
        )
    return _read(found, found.stat().st_mtime_ns)


@lru_cache  # profiles are read often, and a core's file is long
def _read(path: Path, changed: int) -> Core:
    document = read_yaml(path)
    section = validate(document, CoreSection, document.data)
    faults = [*document.repeats, *(section if isinstance(section, list) else [])]
    if faults or isinstance(section, list):
        raise InputError(faults)
    return Core(
        name=section.core,
        source=" ".join(section.source.split()),
        errors=" ".join(section.errors.split()),
        instructions=section.instructions,
        code_bytes=section.code_bytes,
        stack_bytes=section.stack_bytes,
        test_bytes=section.test_bytes,
    )
