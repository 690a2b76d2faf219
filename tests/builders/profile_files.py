"""Shipped profile files, and copies of them with changed text."""

from builders.devices import SHIPPED

FILES = sorted(SHIPPED.glob("*.yaml"))
MICROBIT = SHIPPED / "nrf51822_microbit.yaml"
MICROBIT_DIGEST = "ca9783b94dad398a"
GENERIC = SHIPPED / "generic_45nm.yaml"
WORDS = ("comparison", "leak", "firing")
"""Properties of neurons that a word tells; they have no unit."""


def written(tmp_path, *changes, base=MICROBIT):
    """Return the path of a copy of a profile in which each (old, new) text is replaced; old must occur once."""
    text = base.read_text()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = tmp_path / "device.yaml"
    path.write_text(text)
    return path


def raw_quantities(data):
    """Yield every number of a YAML file's data, as a mapping with its value, unit, grade and source."""
    if isinstance(data, dict):
        if "value" in data:
            yield data
        for key, value in data.items():
            if key not in (*WORDS, "connections"):  # these have no unit
                yield from raw_quantities(value)
    elif isinstance(data, list):
        for value in data:
            yield from raw_quantities(value)
