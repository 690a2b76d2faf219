"""Shipped profile files, and copies of them with changes, for tests of what a file may say."""

from pathlib import Path

from builders.devices import SHIPPED

FILES = sorted(SHIPPED.glob("*.yaml"))
MICROBIT = SHIPPED / "nrf51822_microbit.yaml"
MICROBIT_DIGEST = "ca9783b94dad398a"
GENERIC = SHIPPED / "generic_45nm.yaml"


def written(folder: Path, *changes: tuple[str, str], base: Path = MICROBIT) -> Path:
    """Write a copy of a profile in which each old text, which stands there once, is replaced by the new one."""
    text = base.read_text()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / "device.yaml"
    path.write_text(text)
    return path
