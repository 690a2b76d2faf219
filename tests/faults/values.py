"""What a key may be given that it should not be: numbers at every border, texts that do something, shapes."""

from __future__ import annotations

import json
import math
from typing import Any

from hypothesis import strategies as st

NUMBERS = (
    0, -1, 1, 2, 3, 7, 9, 17, 33, 64, 65, 255, 1000, 2**31 - 1, 2**31, 2**32, 2**53, 2**63, 10**18, 10**30, 10**400,
    -(2**63), 0.0, -0.0, 5e-324, 1e-308, 1e-30, 1e-12, 1e-9, 0.001, 0.1, 0.5, 0.999999, 1.0, 1.5, 3.0, 99.0, 1e9,
    1e12, 1e13, 1e30, 1e308, -1e308, math.inf, -math.inf, math.nan, True, False,
)  # fmt: skip
TEXTS = (
    "", " ", "null", "true", "no", "~", "1e999", "99%", "100%", "-5%", "101%", "1 KiB", "16 XiB", "1e400 J", "3 uJ",
    "5 parsec", "0x10", "1_000", "9" * 400, "1" * 30_000 + "x", "../../etc/passwd", "/etc/passwd", "~/x", "C:\\x",
    "a/../../b", "x\0y", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "a\nerror: forged", "a\rb", "\x9b31m",
    "\u202egnp.exe", "\u2066x\u2069", "\ufeff", "\u2028", "%s%n", "{label}", "{x.__class__}", "$(id)", "`id`",
    "; id", "<script>alert(1)", "=cmd()", "'", '"', "a" * 300, "a" * 10_000, "🤖", "\ud800", "fc0",
    "fc65536-fc65536", "fc65536-fc65537", "fc16", "9" * 400 + "c3", "res(" * 300, "-".join(["fc1"] * 300), "16c3",
    "16c2", "p2-p2", "p9", "res(fc4)", "r4", "gap", "weight", "nm:4", "channel", "kernel", "magnitude", "error",
    "energy_j", "digits", "nrf52840", "sqlite:///x", "!!python/object:os.system", "&a", "*a", "<<", "- 1", "{",
    "2020-01-01", "0..99999999", "{label}_{label}.wav",
)  # fmt: skip
numbers = st.one_of(
    st.sampled_from(NUMBERS),
    st.integers(),
    st.floats(),
    st.integers(-3, 70),
    st.floats(0, 2, allow_nan=False),
)
texts = st.one_of(st.sampled_from(TEXTS), st.text(max_size=40))
plain = st.one_of(numbers, texts, st.none())
shapes = st.one_of(
    st.sampled_from(
        (
            [],
            {},
            [[]],
            [{}],
            [None],
            {"": 1},
            {"value": 1},
            {"a": {"a": {"a": {}}}},
            [1] * 2000,
            list(range(2000)),
        )
    ),
    st.lists(plain, max_size=4),
    st.dictionaries(st.text(max_size=8), plain, max_size=3),
)
anything = st.one_of(plain, plain, plain, shapes)
"""Values, most of them no containers."""


def flow(value: Any) -> str:
    """Return a value in YAML's flow style, whatever it is."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(str(key))}: {flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    if isinstance(value, int) and not isinstance(value, bool):
        return hex(value) if abs(value) > 10**4000 else str(value)
    return json.dumps(value)


def document(content: dict[str, Any]) -> str:
    """Return a mapping as a YAML file, one line a key."""
    return "".join(f"{flow(str(key))}: {flow(value)}\n" for key, value in content.items())
