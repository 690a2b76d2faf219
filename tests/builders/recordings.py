"""Files of recordings: sound, images and events, a few of each class."""

import io
import struct
import wave
from pathlib import Path

import numpy as np


def wav(samples: np.ndarray, rate: int = 8000, width: int = 2, channels: int = 1) -> bytes:
    """Return a wav file of samples of 16 bits."""
    stream = io.BytesIO()
    with wave.open(stream, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(width)
        sound.setframerate(rate)
        if width == 1:
            body = ((samples >> 8) + 128).astype(np.uint8).tobytes()
        elif width == 2:
            body = samples.astype("<i2").tobytes()
        else:
            wide = (samples.astype(np.int64) << (8 * width - 16)).astype("<i4")
            body = wide.tobytes() if width == 4 else wide.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
        sound.writeframes(body)
    return stream.getvalue()


def tone(hz: float, n: int = 2000, rate: int = 8000, amplitude: int = 16000) -> np.ndarray:
    return np.rint(amplitude * np.sin(2 * np.pi * hz * np.arange(n) / rate)).astype(np.int64)


def png(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(stream, kind)
    return stream.getvalue()


def five_bytes(events: list[tuple[int, int, int, int]]) -> bytes:
    """Return N-MNIST's bytes of events (t, x, y, polarity)."""
    return b"".join(
        bytes((x, y, polarity << 7 | t >> 16, t >> 8 & 255, t & 255)) for t, x, y, polarity in events
    )


def aedat(version: str, pairs: list[tuple[int, int]], kind: int = 1) -> bytes:
    """Return AEDAT 2.0 or 3.1 of pairs of address and time."""
    head = f"#!AER-DAT{version}\r\n# a comment\r\n".encode()
    if version == "2.0":
        return head + b"".join(struct.pack(">II", *pair) for pair in pairs)
    packet = struct.pack("<hhiiiiii", kind, 0, 8, 4, 0, len(pairs), len(pairs), len(pairs))
    return head + b"#!END-HEADER\r\n" + packet + b"".join(struct.pack("<II", *pair) for pair in pairs)


def in_folders(root: Path, ending: str, contents: dict[str, list[bytes]]) -> Path:
    """Write the files of each class to a folder of its name."""
    for label, files in contents.items():
        (root / label).mkdir(parents=True, exist_ok=True)
        for number, content in enumerate(files):
            (root / label / f"{number}{ending}").write_bytes(content)
    return root
