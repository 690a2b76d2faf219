"""axe-core, which finds what keeps people out of a page; not kept here: from a path, or from a package of PyPI."""

import importlib.util
import os
from functools import cache
from pathlib import Path

import pytest


@cache
def axe_script() -> str:
    """Return axe-core's script. Skips where there is none.

    ``AXE_CORE`` is the path of an ``axe.min.js`` (``npm pack axe-core``); else it is that of the package
    axe-core-python of the extra ``test``, which is older.
    """
    path = os.environ.get("AXE_CORE")
    if path:
        return Path(path).read_text(encoding="utf-8")
    found = importlib.util.find_spec("axe_core_python")
    if found is None or found.origin is None:
        pytest.skip("axe-core is not installed (pip install axe-core-python, or AXE_CORE=axe.min.js)")
    return Path(found.origin).with_name("axe.min.js").read_text(encoding="utf-8")


RUN = """
    const found = await axe.run(document, {resultTypes: ["violations"]});
    return found.violations.map((v) => [v.impact, v.id, v.nodes.map((node) => node.target.join(" ")).join(", ")]);
"""
"""Returns how grave each fault is, its rule, and where it is."""
