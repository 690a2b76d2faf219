"""Run folders and caches that were damaged, addresses, names of folders and arguments that mean nothing or too much."""

from __future__ import annotations

import functools
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from faults.call import called
from faults.case import Case
from faults.drawn import TINY
from faults.values import TEXTS, document

_KEPT = (
    "front.csv",
    "trials.csv",
    "summary.json",
    "study.yaml",
    "profile.yaml",
    "storage.json",
    "study.db",
    "log.jsonl",
    "finals.json",
    "recalls.csv",
    "confusion.csv",
)
_COMMANDS = (
    ["front", "run"],
    ["pick", "run"],
    ["export", "run", "--to", "model"],
    ["report", "run"],
    ["front", "run", "--profile", "generic_45nm"],
    ["run", "study.yaml", "--out", "run", "--workers", "1"],
)


@functools.cache
def finished() -> Path:
    """Return a folder with a study and its finished run; no case may change it."""
    folder = Path(tempfile.mkdtemp(prefix="faults-run-"))
    (folder / "study.yaml").write_text(document(TINY))
    answer = called(["run", "study.yaml", "--out", "run", "--workers", "1", "--device", "cpu"], folder)
    assert answer.code in (0, 1), answer.err + answer.trace
    (folder / "run/report.html").unlink(missing_ok=True)  # some megabytes in each copy
    return folder


def _case(
    kind: str, name: str, argv: list[str], spoil: Callable[[Path], None], unfinished: bool = False
) -> Case:
    """Return a case; a run that lost its summary alone is ``unfinished``, and may say so (exit 4)."""

    def lay(folder: Path) -> list[str]:
        shutil.copytree(finished() / "run", folder / "run")
        shutil.copy(finished() / "study.yaml", folder)
        spoil(folder / "run")
        return argv

    codes = (0, 1, 2, 3, 4) if unfinished else (0, 1, 2, 3)
    return Case(kind, name, lay, codes=codes, may_change=("run", "model"))


def run_cases(draw: random.Random, count: int) -> Iterator[Case]:
    """Yield damaged run folders: a file cut, with flipped bytes, emptied, swapped, missing, or no file at all."""
    for _ in range(count):
        name, argv = draw.choice(_KEPT), draw.choice(_COMMANDS)
        how, at = draw.choice(sorted(_DAMAGE)), draw.random()
        spoil, unfinished = (
            functools.partial(_damage, name, how, at),
            (name, how) == ("summary.json", "missing"),
        )
        yield _case("run folder", f"{argv[0]}: {name} {how}", argv, spoil, unfinished)


def cache_cases(draw: random.Random, count: int) -> Iterator[Case]:
    """Yield runs whose cache is damaged, and which need it."""
    for _ in range(count):
        how, at = draw.choice(sorted(_DAMAGE)), draw.random()
        argv = draw.choice(
            (["export", "run", "--to", "model"], ["run", "study.yaml", "--out", "run", "--workers", "1"])
        )
        yield _case(
            "cache",
            f"{argv[0]}: a file of it {how}",
            argv,
            functools.partial(_damage_cache, how, at),
            unfinished=True,
        )


def _damage(name: str, how: str, at: float, run: Path) -> None:
    path = run / name
    if path.exists():
        _DAMAGE[how](path, at)


def _damage_cache(how: str, at: float, run: Path) -> None:
    files = sorted((run / "cache").rglob("*.safetensors"))
    _DAMAGE[how](files[int(at * len(files))], at)
    (run / "summary.json").unlink()  # so that it goes on and looks


def _flip(path: Path, at: float) -> None:
    data = bytearray(path.read_bytes())
    if data:
        data[int(at * len(data))] ^= 1 << int(at * 1000) % 8
    path.write_bytes(data)


def _fifo(path: Path, at: float) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder(path: Path, at: float) -> None:
    path.unlink()
    path.mkdir()


def _swap(path: Path, at: float) -> None:
    others = sorted(p for p in path.parent.iterdir() if p.is_file() and p != path)
    path.write_bytes(others[int(at * len(others))].read_bytes())


_DAMAGE: dict[str, Callable[[Path, float], object]] = {
    "cut": lambda path, at: path.write_bytes(path.read_bytes()[: int(at * path.stat().st_size)]),
    "flipped": _flip,
    "emptied": lambda path, at: path.write_bytes(b""),
    "missing": lambda path, at: path.unlink(),
    "null": lambda path, at: path.write_text("null\n"),
    "of zeros": lambda path, at: path.write_bytes(bytes(path.stat().st_size)),
    "with a line more": lambda path, at: path.write_bytes(path.read_bytes() + b"\x1b[31m,9e999,[[[\n"),
    "deep": lambda path, at: path.write_text("[" * 50_000),
    "a FIFO": _fifo,
    "a folder": _folder,
    "another file": _swap,
}
_URLS = (
    "sqlite:///",
    "sqlite:////no/such/folder/x.db",
    "sqlite:///x?mode=ro&uri=true",
    "sqlite:///x.db?check_same_thread=x",
    "sqlite:///x.db?cached_statements=-9999999999999",
    "sqlite:///x.db?timeout=nan",
    "sqlite:///\x00",
    "sqlite://",
    "postgresql://",
    "postgresql://u:secret@127.0.0.1:1/x",
    "postgresql+psycopg://127.0.0.1:1/x?connect_timeout=x",
    "postgresql+psycopg://127.0.0.1:1/x?no_such_option=1",
    "postgresql+psycopg://127.0.0.1:1/x?sslmode=x",
    "postgresql+psycopg://127.0.0.1:1/x?host=\x1b[31m",
    "postgresql+psycopg:///x?host=/no/such/folder",
    "postgresql+nodriver://h/x",
    "mysql://h/x",
    "http://h/x",
    "file:///etc/passwd",
    "redis://127.0.0.1:1",
    "journal:///x",
    "://",
    "sqlite",
    "",
    " ",
    "a" * 5000,
    "\x1b[31m",
    "$(id)",
    "sqlite:///../../x.db",
    "oracle://h",
    "postgresql://[::1",
    "postgresql://h:99999999/x",
    "sqlite:///study.yaml",
)
_COMMAND_NAMES = ("run", "front", "pick", "export", "verify", "report", "tickets", "profiles", "data", "init")


def url_cases() -> Iterator[Case]:
    """Yield addresses of storages that lead nowhere; what is written may lie in the run's folder."""
    for url in _URLS:
        argv = ["run", "study.yaml", "--out", "run", "--workers", "1", "--storage", url]
        yield Case("URL", url[:40], functools.partial(_tiny, argv), codes=(0, 1, 2, 3))


def _tiny(argv: list[str], folder: Path) -> list[str]:
    (folder / "study.yaml").write_text(document(TINY))
    return argv


def name_cases() -> Iterator[Case]:
    """Yield names of folders that hold no run and no export."""
    names = [name for name in TEXTS if "\0" not in name and "\ud800" not in name and name.strip()]
    for name in names:
        for argv in (["front"], ["export", "--to", "model"], ["verify"], ["report"]):
            line = [*argv, "--", name]
            yield Case("folder name", f"{argv[0]} {name[:30]!r}", functools.partial(_as_is, line), (2,), ())


def _as_is(argv: list[str], folder: Path) -> list[str]:
    return argv


def argument_cases(draw: random.Random, count: int) -> Iterator[Case]:
    """Yield lines of arguments that no command takes, or values that no option has."""
    options = {
        "--workers": ("0", "-1", "x", "1e9", "9" * 50),
        "--seed": ("-1", "4294967296", "x", "1.5"),
        "--device": ("", "tpu", "cuda:99", "\x1b[31m"),
        "--data-root": ("/no/such", "\n", "study.yaml"),
        "--plugin": ("/no/such.py", "study.yaml", "."),
        "--storage": ("", "x"),
        "--out": ("study.yaml", "/proc/x"),
    }
    reads = {
        "--trial": ("-1", "99999", "x", "1e3"),
        "--within": ("2", "-1", "x", "nan", "inf", "1e999"),
        "--format": ("", "onnx", ","),
        "--min-accuracy": ("200%", "", "\x1b"),
        "--profile": ("", "nrf5284", "../x", "/dev/zero.yaml"),
        "--to": ("", "study.yaml"),
    }
    for _ in range(count):
        if draw.random() < 0.4:
            name = draw.choice(sorted(options))
            argv = ["run", "study.yaml", name, draw.choice(options[name])]
        elif draw.random() < 0.6:
            name = draw.choice(sorted(reads))
            argv = [
                draw.choice(("front", "pick", "export", "verify")),
                "no-run",
                name,
                draw.choice(reads[name]),
            ]
        else:
            words = [text for text in TEXTS if "\0" not in text and "\ud800" not in text]
            argv = [draw.choice(_COMMAND_NAMES), *draw.choices(words, k=draw.randint(1, 3))]
        yield Case("argument", " ".join(argv)[:60], functools.partial(_argued, argv), (2, 4), ())


def _argued(argv: list[str], folder: Path) -> list[str]:
    (folder / "study.yaml").write_text(document(TINY | {"data": {"csv": "none.csv", "label": "y"}}))
    return argv
