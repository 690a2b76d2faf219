"""Plain values as the text of a YAML file of an export: block style, keys in their order."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML


def yaml_text(values: Mapping[str, Any]) -> str:
    """Return plain values as YAML."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    stream = io.StringIO()
    yaml.dump(json.loads(json.dumps(values)), stream)
    return stream.getvalue()
