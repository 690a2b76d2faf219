"""Data files that are damaged, foreign or made to be a burden."""

from __future__ import annotations

import io
import pickle
import random
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from builders.idx import idx_file
from faults.case import Case
from faults.drawn import ROWS, TINY
from faults.values import document


class _Runs:
    """What a pickle would call, were it read."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (Path.touch, (Path("pickled"),))  # type: ignore[return-value]


def data_cases(draw: random.Random, per_file: int) -> Iterator[Case]:
    """Yield whole files of each format, torn; and files by hand."""
    whole = {
        "rows.csv": ({"csv": "rows.csv", "label": "state"}, ROWS.encode()),
        "rows.tsv": ({"tsv": "rows.tsv", "label": "state"}, ROWS.replace(",", "\t").encode()),
        "a.npz": ({"npz": "a.npz"}, _npz(x=np.arange(600).reshape(60, 10) % 7, y=np.arange(60) % 2)),
        "i.gz": (
            {"idx": {"images": "i.gz", "labels": "l.gz"}},
            idx_file((40, 4, 4), bytes(range(256)) * 2 + bytes(128)),
        ),
        "w.zip": ({"wav": "w.zip"}, _zip({f"{c}/{i}.wav": _wav(i) for c in "ab" for i in range(6)})),
        "p.zip": ({"images": "p.zip"}, _zip({f"{c}/{i}.png": _png(i) for c in "ab" for i in range(6)})),
        "e.zip": (
            {"events": "e.zip", "format": "nmnist"},
            _zip({f"{c}/{i}.bin": bytes(range(250)) for c in "01" for i in range(6)}),
        ),
    }
    for name, (section, data) in whole.items():
        for _ in range(per_file):
            at, how = draw.randrange(len(data)), draw.choice(("cut", "flipped", "doubled", "put in"))
            torn = {
                "cut": data[:at],
                "flipped": data[:at] + bytes([data[at] ^ (1 << draw.randrange(8))]) + data[at + 1 :],
                "doubled": data + data[at:],
                "put in": data[:at] + draw.randbytes(9) + data[at:],
            }[how]
            yield _case(f"{name} {how} at {at}", section, {name: torn})
    for what, (section, files) in _by_hand().items():
        yield _case(what, section, files)


def _case(name: str, section: dict[str, Any], files: dict[str, bytes]) -> Case:
    def lay(folder: Path) -> list[str]:
        (folder / "study.yaml").write_text(document(TINY | {"data": section}))
        (folder / "l.gz").write_bytes(idx_file((40,), bytes([0, 1] * 20)))
        for file, data in files.items():
            (folder / file).write_bytes(data)
        return ["data", "check", "study.yaml", "--to", "run.png"]

    return Case("data file", name, lay, codes=(0, 2))


def _by_hand() -> dict[str, tuple[dict[str, Any], dict[str, bytes]]]:
    csv = {"csv": "rows.csv", "label": "state"}
    texts = {
        "empty": "",
        "one line": "p,state",
        "no label": "p,q\n1,2\n",
        "one class": "p,state\n" + "1,a\n" * 50,
        "text in a column": "p,state\nx,a\n" * 30,
        "infinite": "p,state\n" + "1e999,a\n2,b\n" * 30,
        "nan": "p,state\n" + "nan,a\n2,b\n" * 30,
        "twice": "p,p,state\n" + "1,2,a\n2,3,b\n" * 30,
        "short rows": "p,q,state\n1\n" * 30,
        "long rows": "p,state\n1,a,b,c\n" * 30,
        "quote": 'p,state\n"1,a\n' * 30,
        "nulls": "p,state\n1\0,a\n" * 30,
        "names": "p,\x1b[31mq\x1b[0m,state\n" + "1,2,\x1b[2Ja\n2,3,b\nerror: no\n" * 30,
        "a long cell": "p,state\n" + "9" * 200_000 + ",a\n",
        "many columns": ",".join(f"c{i}" for i in range(30_000)) + "\n",
        "bidi": "p,state\n" + "1,\u202ea\n2,b\n" * 30,
    }
    found: dict[str, tuple[dict[str, Any], dict[str, bytes]]] = {
        f"csv: {name}": (csv, {"rows.csv": text.encode()}) for name, text in texts.items()
    }
    found |= {
        "csv: latin-1": (csv, {"rows.csv": "p,stäte\n1,a\n".encode("latin-1")}),
        "csv: missing": (csv, {}),
        "npz: pickled": (
            {"npz": "a.npz"},
            {"a.npz": _npz(x=np.array([_Runs()] * 9, object), y=np.arange(9) % 2)},
        ),
        "npz: a pickle": ({"npz": "a.npz"}, {"a.npz": pickle.dumps(_Runs())}),
        "npz: a header of 2**60 rows": ({"npz": "a.npz"}, {"a.npz": _npz_header("(1152921504606846976, 4)")}),
        "npz: a header that runs": (
            {"npz": "a.npz"},
            {"a.npz": _npz_header("__import__('os').system('touch ran')")},
        ),
        "npz: a bomb": ({"npz": "a.npz"}, {"a.npz": _npz(x=np.zeros((1, 2**28), np.uint8), y=np.zeros(1))}),
        "npz: no arrays": ({"npz": "a.npz"}, {"a.npz": _zip({})}),
        "idx: a header of 2**31 images": (
            {"idx": {"images": "i.gz", "labels": "l.gz"}},
            {"i.gz": struct.pack(">BBBB3I", 0, 0, 8, 3, 2**31 - 1, 2**15, 2**15)},
        ),
        "images: a name that climbs": (
            {"images": "p.zip"},
            {"p.zip": _zip({"../../ran.png": _png(1), "a/1.png": _png(1)})},
        ),
        "images: a picture of 10**10 points": (
            {"images": "p.zip"},
            {"p.zip": _zip({"a/1.png": _huge_png(), "b/1.png": _png(1)})},
        ),
        "wav: a header of 2**31 values": (
            {"wav": "w.zip"},
            {"w.zip": _zip({"a/1.wav": _wav(1, 2**31 - 1), "b/1.wav": _wav(1)})},
        ),
        "zip in a zip of zeros": (
            {"wav": "w.zip"},
            {"w.zip": _zip({"a/1.wav": bytes(2**26), "b/1.wav": bytes(2**26)})},
        ),
    }
    return found


def _npz(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=True, **arrays)
    return stream.getvalue()


def _npz_header(shape: str) -> bytes:
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return _zip({"x.npy": b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + bytes(16)})


def _zip(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return stream.getvalue()


def _wav(seed: int, claimed: int | None = None) -> bytes:
    data = (np.random.default_rng(seed).normal(size=800) * 9000).astype("<i2").tobytes()
    size = len(data) if claimed is None else claimed
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + len(data),
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        8000,
        16000,
        2,
        16,
        b"data",
        size,
    )
    return head + data


def _png(seed: int) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (8, 8), np.uint8)).save(stream, "PNG")
    return stream.getvalue()


def _huge_png() -> bytes:
    import zlib

    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body
