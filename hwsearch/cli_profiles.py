"""The command line's part about devices: ``hwsearch profiles ...``.

Nothing heavy is imported until a command needs it; only ``compare``, which runs a model, loads torch.
"""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Annotated

import typer

from hwsearch.errors import Fault, InputError
from hwsearch.shown import say, say_block

profiles = typer.Typer(help="Hardware profiles: devices as data.", no_args_is_help=True)


@profiles.command("list")
def profiles_list() -> None:
    """List the devices that are known."""
    from hwsearch.hardware.profiles.load import list_profiles

    found = list_profiles()
    width = max((len(item[0]) for item in found), default=0)
    for ident, name, path in found:
        say(f"{ident:<{width}}  {name}  ({path})")


@profiles.command("show")
def profiles_show(ident: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Show a device: what fits, what pays, what is unknown, and where each number comes from."""
    from hwsearch.hardware.profiles.load import load_profile
    from hwsearch.hardware.profiles.show import describe

    say_block(describe(load_profile(ident, "ID")))


@profiles.command("check")
def profiles_check(file: Annotated[Path, typer.Argument(metavar="FILE")]) -> None:
    """Check a profile; all faults at once."""
    from hwsearch.hardware.profiles.load import check_profile

    faults = check_profile(file)
    if faults:
        raise InputError(faults)
    say(f"{file}: no fault")


@profiles.command("new")
def profiles_new(file: Annotated[Path, typer.Argument(metavar="FILE")]) -> None:
    """Write a commented skeleton of a profile, to be filled in."""
    from hwsearch.hardware.profiles.skeleton import SKELETON

    if file.suffix not in (".yaml", ".yml"):
        raise InputError([Fault("FILE", "a profile's file must end in .yaml", str(file))])
    if file.exists():
        raise InputError([Fault("FILE", "a new profile needs a file that is not there yet", str(file))])
    file.parent.mkdir(parents=True, exist_ok=True)
    # an id is of small letters, digits and _, whatever the file is called
    ident = re.sub(r"[^a-z0-9_]+", "_", file.stem.lower()).strip("_")[:64] or "my_device"
    file.write_text(SKELETON.replace("my_device", ident), encoding="utf-8")
    say(f"{file}: fill it in, then `hwsearch profiles check {shlex.quote(str(file))}`")


@profiles.command("schema")
def profiles_schema() -> None:
    """Print the JSON Schema of a profile, for editors."""
    from hwsearch.hardware.profiles.schema import ProfileSection

    say_block(json.dumps(ProfileSection.model_json_schema(), indent=1))


@profiles.command("validate")
def profiles_validate(
    to: Annotated[Path | None, typer.Option(help="Write the report to this Markdown file.")] = None,
) -> None:
    """Hold the profiles against every published measurement that they reach."""
    from hwsearch.hardware.validation.compare import validate_profiles
    from hwsearch.hardware.validation.report import validation_table

    text = validation_table(validate_profiles())
    if to is None:
        say_block(text)
        return
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(text, encoding="utf-8")
    say(to)


@profiles.command("compare")
def profiles_compare(
    export: Annotated[Path, typer.Argument(help="An export's folder, or its config.yaml.", metavar="CONFIG")],
    idents: Annotated[list[str], typer.Argument(help="Devices.", metavar="ID...")],
) -> None:
    """Price one exported model on several devices, from its weights and recorded inputs."""
    from hwsearch.export.compare import compare_devices, comparison_table

    folder = export.parent if export.is_file() else export
    say_block(comparison_table(compare_devices(folder, idents)))
