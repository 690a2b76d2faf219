"""Exports that somebody edited and signed again, and folders that are none: what `verify` must name and refuse."""

from __future__ import annotations

import copy
import functools
import json
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from builders.exports import config_of, manifest_of, model, model_of, put
from builders.random_networks import random_network
from faults.case import Case
from faults.edits import places_in
from faults.values import NUMBERS, document

from hwsearch.compress.packing import pack
from hwsearch.export.bundle import write_export
from hwsearch.export.recorded import CHECK
from hwsearch.export.weights import FILE as WEIGHTS
from hwsearch.network.store import load_tensors, save_tensors

Spoil = Callable[[Path], None]
_VALUES = (None, -1, 0, 2, 65, 10**9, 10**18, 1.5, 1e308, "", "../x", "a\nerror: forged", [], {}, [3], True)


@functools.cache
def _base(name: str) -> Path:
    """Return an export that no case may change."""
    folder = Path(tempfile.mkdtemp(prefix="faults-export-")) / name
    if name in ("c", "chain"):  # building a library takes a second, so few cases have one
        formats = ["config", "weights", "nir", *(["c"] if name == "c" else [])]
        return write_export(model(), folder, formats)
    net, x = random_network(np.random.default_rng(7))
    packed = [len(pack(c.weight, 4, "dense").data) for c in net.connections]
    return write_export(model_of(net, x, ("dense",) * len(packed), packed=sum(packed)), folder)


def _case(name: str, spoil: Spoil, base: str = "graph", *, refused: bool = False) -> Case:
    def lay(folder: Path) -> list[str]:
        shutil.copytree(_base(base), folder / "model")
        spoil(folder / "model")
        return ["verify", "model"]

    return Case("export", name, lay, codes=(2,) if refused else (0, 2), may_change=())


def export_cases(draw: random.Random, per_place: int = 1) -> Iterator[Case]:
    """Yield every case by hand, and ``per_place`` drawn edits of each place of the files' settings."""
    yield from _by_hand()
    manifest = manifest_of(_base("chain"))
    for at in places_in(manifest):
        for value in draw.sample(_VALUES, per_place):
            yield _case(
                f"manifest {_words(at)} = {value!r:.30}", functools.partial(_manifest, at, value), "chain"
            )
    for base in ("graph", "chain"):
        config = config_of(_base(base))
        for at in places_in(config):
            for value in draw.sample(_VALUES, per_place):
                yield _case(
                    f"config {_words(at)} = {value!r:.30}", functools.partial(_config, at, value), base
                )
        _, values = load_tensors(_base(base) / WEIGHTS)
        for at in places_in({key: values[key] for key in ("network", "packing")}):
            for value in draw.sample([*_VALUES, *NUMBERS[:20]], per_place):
                edit = functools.partial(_settings, at, value)
                yield _case(f"weights {_words(at)} = {value!r:.30}", edit, base)
    for name in (WEIGHTS, CHECK, "config.yaml", "manifest.json", "network.nir"):
        base = "chain"
        size = (_base(base) / name).stat().st_size
        for _ in range(4 * per_place):
            at = draw.randrange(size)
            yield _case(f"{name}: a byte flipped at {at}", functools.partial(_flip, name, at), base)
            yield _case(f"{name}: cut at {at}", functools.partial(_cut, name, at), base)


def _words(at: tuple[str | int, ...]) -> str:
    return ".".join(map(str, at))


def _by_hand() -> Iterator[Case]:
    texts = {
        "empty": "",
        "null": "null",
        "list": "[]",
        "empty mapping": "{}",
        "no files": '{"format": 3, "files": {}}',
        "deep": "[" * 100_000,
        "long number": '{"format": ' + "9" * 10_000 + "}",
        "nan": '{"format": NaN, "files": {}}',
        "foreign": '{"name": "app", "files": ["a"]}',
        "web": '{"format": 3, "weight_bytes": 0, "files": {"a.png": '
        '{"bytes": 0, "sha256": "' + "0" * 64 + '"}}}',
        "large": " " * (2**20 + 1),
    }
    for name, text in texts.items():
        yield _case(f"manifest: {name}", functools.partial(_write, "manifest.json", text), refused=True)
    for name in (
        "../other",
        "/etc/passwd",
        "a/../../b",
        "",
        ".",
        "c/",
        "a\nb",
        "\x1b[31m",
        "x" * 5000,
        "-rf",
    ):
        yield _case(f"manifest lists {name[:20]!r}", functools.partial(_lists, name), refused=True)
    for name in ("manifest.json", "config.yaml", WEIGHTS, CHECK):
        for kind in ("fifo", "link", "device", "folder", "missing", "loop", "socket", "huge"):
            yield _case(f"{name} is {kind}", functools.partial(_instead, name, kind), refused=True)
    yield _case("c is a link", functools.partial(_instead, "c", "link"), "c", refused=True)
    yield _case("leak_shift 10**18", functools.partial(_anywhere, "leak_shift", 10**18), refused=True)
    yield _case("code changed and signed again", _signed_code, "c", refused=True)
    yield _case("a header that is not listed", _header, "c")
    for name, text in {
        "bomb": _bomb(),
        "tag": "!!python/object:os.system x",
        "1.1": "%YAML 1.1\n---\na: 1\n",
    }.items():
        yield _case(f"config: {name}", functools.partial(_put_text, "config.yaml", text), refused=True)
    for name, array in {
        "no samples": np.zeros((0, 1), np.uint8),
        "floats": np.zeros((2, 3)),
        "objects of 8 axes": np.zeros((1,) * 8),
        "other shape": np.zeros((3, 9, 9, 9), np.uint8),
        "many": np.zeros((5000, 1, 1, 1), np.uint8),
    }.items():
        yield _case(f"recorded inputs: {name}", functools.partial(_recorded, array), refused=True)


def _bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    return "\n".join(lines)


def _write(name: str, text: str, folder: Path) -> None:
    (folder / name).write_text(text)


def _put_text(name: str, text: str, folder: Path) -> None:
    put(folder, name, text.encode())


def _lists(name: str, folder: Path) -> None:
    manifest = manifest_of(folder)
    manifest["files"][name] = {"bytes": 0, "sha256": "0" * 64}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _instead(name: str, kind: str, folder: Path) -> None:
    """Put something else where a file lies."""
    path = folder / name
    kept = path.rename(folder.parent / "kept")
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to(kept)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        import socket

        server = socket.socket(socket.AF_UNIX)
        here = Path.cwd()
        os.chdir(folder)  # the path of a socket may have 100 letters
        server.bind(name)
        os.chdir(here)
        server.close()
    elif kind == "huge":
        with path.open("wb") as file:
            file.truncate(2**40)


def _manifest(at: tuple[str | int, ...], value: Any, folder: Path) -> None:
    content = manifest_of(folder)
    _set(content, at, value)
    (folder / "manifest.json").write_text(json.dumps(content))


def _config(at: tuple[str | int, ...], value: Any, folder: Path) -> None:
    content = config_of(folder)
    _set(content, at, value)
    put(folder, "config.yaml", document(content).encode())


def _settings(at: tuple[str | int, ...], value: Any, folder: Path) -> None:
    arrays, values = load_tensors(folder / WEIGHTS)
    content = copy.deepcopy(values)
    _set(content, at, value)
    save_tensors(folder / WEIGHTS, arrays, content)
    put(folder, WEIGHTS, (folder / WEIGHTS).read_bytes())


def _anywhere(key: str, value: Any, folder: Path) -> None:
    """Set a key wherever the settings of the weights have it."""
    _, values = load_tensors(folder / WEIGHTS)
    for at in [at for at in places_in({"network": values["network"]}) if at[-1] == key]:
        _settings(at, value, folder)


def _recorded(array: np.ndarray, folder: Path) -> None:
    arrays, values = load_tensors(folder / CHECK)
    save_tensors(folder / CHECK, arrays | {"inputs": array}, values)
    put(folder, CHECK, (folder / CHECK).read_bytes())


def _signed_code(folder: Path) -> None:
    path = folder / "c/src/snn.c"
    text = path.read_text() + "\nvoid __attribute__((constructor)) ran(void) { __builtin_trap(); }\n"
    put(folder, "c/src/snn.c", text.encode())


def _header(folder: Path) -> None:
    (folder / "c/src/stdint.h").write_text("#error it was found before the system's\n")


def _flip(name: str, at: int, folder: Path) -> None:
    data = bytearray((folder / name).read_bytes())
    data[at] ^= 1 << at % 8
    _resign(folder, name, bytes(data))


def _cut(name: str, at: int, folder: Path) -> None:
    _resign(folder, name, (folder / name).read_bytes()[:at])


def _resign(folder: Path, name: str, data: bytes) -> None:
    if name == "manifest.json" or name not in manifest_of(folder)["files"]:
        (folder / name).write_bytes(data)
    else:
        put(folder, name, data)


def _set(content: Any, at: tuple[str | int, ...], value: Any) -> None:
    for key in at[:-1]:
        content = content[key]
    content[at[-1]] = value
