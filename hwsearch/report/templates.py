"""Templates of the pages: what they are filled with is escaped, and a value that is missing is a fault."""

from __future__ import annotations

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

_UNIT = re.compile(r"(?<=\d) (?=%|(?:B|[KMG]iB|[pnµm]?[Js]|min|h|points?)\b)")


def template(name: str) -> Template:
    """Return a template of this folder."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=glued,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def glued(value: object) -> object:
    """Return text whose numbers stay on one line with their units; what is markup already stays as it is."""
    return _UNIT.sub("\N{NO-BREAK SPACE}", value) if type(value) is str else value
