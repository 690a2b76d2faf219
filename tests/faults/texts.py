"""YAML files that are no YAML of ours: as a study, and as a profile."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from pathlib import Path

from faults.case import Case

_CALLS = (
    ("study", ["run", "file.yaml", "--out", "run"]),
    ("profile", ["profiles", "check", "file.yaml"]),
)


def yaml_cases() -> Iterator[Case]:
    """Yield texts that are no YAML of ours, as a study and as a profile."""
    merges = ["a0: &a0 {" + ", ".join(f"k{i}: 1" for i in range(20)) + "}"]
    merges += [f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}" for i in range(1, 12)]
    bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    bomb += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    texts = {
        "empty": "",
        "a list": "- 1\n",
        "a word": "x",
        "null": "~",
        "two documents": "a: 1\n---\nb: 2\n",
        "tabs": "a:\n\tb: 1\n",
        "YAML 1.1": "%YAML 1.1\n---\nname: x\n",
        "YAML 9.9": "%YAML 9.9\n---\nname: x\n",
        "%TAG": "%TAG !! tag:yaml.org,2002:python/\n---\na: 1\n",
        "python": "a: !!python/object/apply:os.system [id]\n",
        "binary": "name: !!binary aGk=\n",
        "set": "name: !!set {a, b}\n",
        "omap": "name: !!omap [a: 1]\n",
        "own tag": "name: !x y\n",
        "int tag": "name: !!int x\n",
        "float tag": "seed: !!float x\n",
        "time": "seed: 2020-13-45\n",
        "sexagesimal": "seed: 1:2:3\n",
        "deep": "a: " + "[" * 200_000,
        "deep mapping": "a: " + "{a: " * 5000,
        "block deep": "".join("  " * i + "a:\n" for i in range(400)),
        "bomb": "\n".join(bomb),
        "merge bomb": "\n".join(merges),
        "itself": "a: &a [*a]\n",
        "itself merged": "a: &a\n  <<: *a\n",
        "no anchor": "a: *b\n",
        "list as key": "? [1, 2]\n: 3\n",
        "mapping as key": "? {a: 1}\n: 3\n",
        "null as key": "~: 3\n",
        "two keys": "name: a\nname: b\n",
        "large": "# " + "x" * 600_000 + "\nname: x\n",
        "many keys": "".join(f"k{i}: 1\n" for i in range(30_000)),
        "escape": 'name: "\\e[31m"\n',
        "nul": "name: \0\n",
        "utf-16": "name: x\n".encode("utf-16").decode("latin-1"),
        "bom": "\ufeffname: x\n",
        "separator": "name: a\u2028b\n",
        "surrogate": 'name: "\\ud800"\n',
        "digits": "seed: " + "9" * 5000 + "\n",
        "octal": "seed: 0o777777777777777777777777\n",
        "quote": 'name: "x\n',
        "colon": "a: b: c\n",
        "question": "? " * 3000,
        "anchors": "".join(f"k{i}: &a{i} {i}\n" for i in range(20_000)),
        "forged": 'name: "x\\nerror: all is well"\n',
    }
    for name, text in texts.items():
        for kind, argv in (
            ("study", ["run", "file.yaml", "--out", "run"]),
            ("profile", ["profiles", "check", "file.yaml"]),
        ):
            yield Case(kind, f"text: {name}", functools.partial(_lay_text, text, argv), codes=(2,))
    for kind, argv in (
        ("study", ["run", "file.yaml", "--out", "run"]),
        ("profile", ["profiles", "check", "file.yaml"]),
    ):
        yield Case(kind, "bytes that are no text", functools.partial(_lay_bytes, argv), codes=(2,))
        yield Case(kind, "a FIFO", functools.partial(_lay_fifo, argv), codes=(2,))
        yield Case(kind, "a device", functools.partial(_lay_device, argv), codes=(2,))


def _lay_text(text: str, argv: list[str], folder: Path) -> list[str]:
    (folder / "file.yaml").write_text(text, encoding="utf-8", newline="")
    return argv


def _lay_bytes(argv: list[str], folder: Path) -> list[str]:
    (folder / "file.yaml").write_bytes(bytes(range(256)))
    return argv


def _lay_fifo(argv: list[str], folder: Path) -> list[str]:
    os.mkfifo(folder / "file.yaml")
    return argv


def _lay_device(argv: list[str], folder: Path) -> list[str]:
    (folder / "file.yaml").symlink_to("/dev/zero")
    return argv
