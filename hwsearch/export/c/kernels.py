"""The kernels that networks use, and their signatures: what the templates write into ``kernels.c``.

A kernel is there once, whatever the number of connections that use it; one that no network uses is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hwsearch.export.c.types import c_type

STREAMS = ("bitmap", "kernel", "block", "nm")
"""Formats that lie output by output, with places that are found by counting bits or slots."""
ROWS = ("csr", "delta")
"""Formats with a row for each input."""
_EVENTS = "const snnk_weights *w, const snnk_event *list, uint32_t count, int32_t *sums"
_HITS = (
    "const snnk_weights *w, const snnk_filters *f, const snnk_hit *list, uint32_t count, snnk_tap *taps, "
    "int32_t *sums"
)


@dataclass(frozen=True, order=True)
class Scan:
    """A scan: what finds events.

    Attributes:
        conv: Whether for filters.
        type: Kind of the values.
        pool: ``none``, ``max`` or ``sum``.
    """

    conv: bool
    type: str
    pool: str

    @property
    def name(self) -> str:
        """Of its function."""
        return f"{'conv' if self.conv else 'fc'}_{self.type}" + (
            "" if self.pool == "none" else f"_{self.pool}"
        )


@dataclass(frozen=True, order=True)
class Update:
    """What computes neurons, or a readout's potentials.

    Attributes:
        membrane: C type of the state.
        params: C type of biases and thresholds.
        wide: C type of the arithmetic.
        sum, constant: Whether sums, and a still image's current, are added.
        clip, saturate: Whether sums, and states, are clipped.
    """

    membrane: str
    params: str
    wide: str
    sum: bool
    constant: bool
    clip: bool
    saturate: bool

    @property
    def name(self) -> str:
        """Of its function."""
        parts = [_bits(self.membrane), *(["p32"] if self.params == "int32_t" else [])]
        flags = {"wide": self.wide == "int64_t", "sum": self.sum, "constant": self.constant,
                 "clip": self.clip, "sat": self.saturate}  # fmt: skip
        return "_".join([*parts, *(name for name, on in flags.items() if on)])


def _bits(c_name: str) -> str:
    return c_name.removesuffix("_t").replace("int", "i")


@dataclass
class Use:
    """Kernels that are used; what networks of one program use is added up.

    Attributes:
        connections: (``fc`` or ``conv``, format).
        scan: Scans.
        fire, read: Updates of neurons and of readouts.
        pairs: (type, bits of a weight) of dense matrices over values, for cores that multiply pairs.
        other: ``settle``, ``rescale``, ``copy``.
    """

    connections: set[tuple[str, str]] = field(default_factory=set)
    scan: set[Scan] = field(default_factory=set)
    fire: set[Update] = field(default_factory=set)
    read: set[Update] = field(default_factory=set)
    other: set[str] = field(default_factory=set)
    pairs: set[tuple[str, int]] = field(default_factory=set)

    def add(self, more: Use) -> None:
        """Add what another network uses."""
        for name, names in vars(more).items():
            getattr(self, name).update(names)

    def values(self) -> dict[str, object]:
        """Return what the template asks for, in a fixed order."""
        formats = {name for _, name in self.connections}
        conv_dense = ("conv", "dense") in self.connections
        planes = [name for name in STREAMS if ("conv", name) in self.connections]
        matrices = {name for kind, name in self.connections if kind == "fc"} & set(STREAMS)
        updates = self.fire | self.read
        return {
            "kernels": sorted(self.connections),
            "planes": (["dense"] if conv_dense or "kernel" in planes else []) + planes,
            "streams": bool(planes),
            "placed": bool({"bitmap", "block", "nm"} & set(planes)),
            "grouped": bool({"block", "nm"} & set(planes)),
            "held": bool({"kernel", "block"} & set(planes)),
            "rows": bool(formats & set(ROWS)),
            "sequential": bool(planes or formats & set(ROWS)) or conv_dense,
            "fields": bool(matrices) or ("fc", "dense") in self.connections,
            "groups": bool(matrices),
            "columns": ("fc", "dense") in self.connections,
            "met": bool(matrices & {"bitmap", "block"}),
            "ones": bool(matrices & {"bitmap", "block"} or set(planes) - {"nm"}),
            "ranks": bool(set(planes) - {"nm"}),
            "conv": any(kind == "conv" for kind, _ in self.connections),
            "scans": sorted(self.scan),
            "advance": any(scan.conv or scan.pool != "none" for scan in self.scan),
            "pooled": sorted({(scan.type, scan.pool) for scan in self.scan if scan.pool != "none"}),
            "clipped": sorted({u.wide for u in updates if u.clip or u.saturate}),
            "fires": sorted(self.fire),
            "reads": sorted(self.read),
            "settle": "settle" in self.other,
            "rescale": "rescale" in self.other,
            "copies": "copy" in self.other,  # a template takes `copy` for the method
            "pairs": sorted(self.pairs),
        }

    def pair_declarations(self) -> dict[str, tuple[str, str]]:
        """Return the comments and signatures of kernels that only cores have which multiply pairs."""
        return {
            f"fc_pairs_{kind}_{bits}": (
                f"Add to sums what values meet in a matrix of dense weights of {bits} bits; every value is read.",
                f"void snnk_fc_pairs_{kind}_{bits}(const snnk_weights *w, const {c_type(kind)} *read, int32_t *sums)",
            )
            for kind, bits in sorted(self.pairs)
        }

    def declarations(self) -> dict[str, tuple[str, str]]:
        """Return each kernel's comment and signature by its name."""
        found: dict[str, tuple[str, str]] = {}
        for scan in sorted(self.scan):
            what = "values that are not zero" if scan.type != "bits" else "spikes"
            pooled = {"none": "", "max": ", the largest of each window", "sum": ", added up over each window"}
            to = "snnk_hit" if scan.conv else "snnk_event"
            found[f"scan_{scan.name}"] = (
                f"List the next {what}{pooled[scan.pool]}; return how many: fewer than SNNK_EVENTS at the end.",
                f"uint32_t snnk_scan_{scan.name}(const snnk_map *map, const {c_type(scan.type)} *read, snnk_scan *at, "
                f"{to} *list)",
            )
        for kind, name in sorted(self.connections):
            arguments = _EVENTS if kind == "fc" else _HITS
            what = "matrix" if kind == "fc" else "filters"
            stored = "dense weights of 8 bits" if name == "bytes" else f"{name} weights"
            comment = f"Add to sums what events meet in a {what} of {stored}."
            found[f"{kind}_{name}"] = comment, f"void snnk_{kind}_{name}({arguments})"
        for update in sorted(self.fire):
            comment = "Take neurons a timestep on, and write their spikes."
            found[f"fire_{update.name}"] = comment, _update("fire", update)
        for update in sorted(self.read):
            comment = "Take a readout's potentials a timestep on."
            found[f"read_{update.name}"] = comment, _update("read", update)
        return found | {name: both for name, both in _OTHERS.items() if name in self.other | _ALWAYS}


def _update(what: str, update: Update) -> str:
    arguments = ["const snnk_neurons *p"]
    if update.sum or update.clip:
        arguments.append("const snnk_scale *s")
    if update.sum:
        arguments.append("const int32_t *sums")
    if update.constant:
        arguments.append("const int32_t *constant")
    state = "membranes" if what == "fire" else "potentials"
    arguments.append(f"{update.membrane} *{state}")
    if what == "fire":
        arguments.append("uint8_t *spikes")
    return f"void snnk_{what}_{update.name}({', '.join(arguments)})"


_ALWAYS = {"clear", "largest"}
_OTHERS = {
    "settle": (
        "Make currents of sums: to = scaled sums, or to += scaled sums where add is not 0; to may be sums.",
        "void snnk_settle(int32_t *to, const int32_t *sums, uint32_t n, const snnk_scale *s, uint32_t add)",
    ),
    "rescale": ("Multiply sums.", "void snnk_rescale(int32_t *sums, uint32_t n, int32_t gain)"),
    "clear": ("Set sums to 0.", "void snnk_clear(int32_t *sums, uint32_t n)"),
    "copy": ("Copy bytes.", "void snnk_copy(uint8_t *to, const uint8_t *from, uint32_t n)"),
    "largest": (
        "Return the place of the largest potential, the first of equals.",
        "uint16_t snnk_largest(const int32_t *potentials, uint32_t n)",
    ),
}


def together(uses: Iterable[Use]) -> Use:
    """Return what networks of one program use."""
    total = Use()
    for use in uses:
        total.add(use)
    return total
