"""From a string to a graph: ``16c3s2-dw3-res(16c3-16c3)-gap-fc32``. The readout is added by itself.

================ =====================================================================================================
token            meaning
================ =====================================================================================================
``16c3``         convolution: 16 channels, a filter of 3 by 3, padding that keeps the size; ``16c3x1``: 3 down, 1 across
``16c3s2``       with stride 2; likewise behind every filter
``dw3``          depthwise convolution: a filter a channel
``p2``           pooling by windows of 2 by 2 (``p2x1``: 2 down, 1 across) of what the next token reads
``gap``          global pooling: the mean of each channel's map
``fc32``         fully connected, 32 neurons
``r32``          fully connected, and back to itself one timestep later
``res(...)``     a residual block: its last population is also entered by what the block reads, through a weight a
                 channel where the shapes are alike, else through a 1 x 1 convolution
================ =====================================================================================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from hwsearch.graph.builder import Builder
from hwsearch.graph.graph import Connection, Input, Pooling, Population, Size
from hwsearch.graph.neuron_law import NeuronLaw

_N = "[1-9][0-9]*"
_SIDES = rf"(?P<{{0}}>{_N})(?:x(?P<{{0}}_across>{_N}))?"
_TOKEN = re.compile(
    rf"(?P<conv>(?P<channels>{_N})c{_SIDES.format('filter')}(?:s(?P<stride>{_N}))?)"
    rf"|(?P<depthwise>dw{_SIDES.format('plane')}(?:s(?P<step>{_N}))?)"
    rf"|(?P<pool>p{_SIDES.format('window')})"
    rf"|(?P<gap>gap)|(?P<fc>fc(?P<units>{_N}))|(?P<recurrent>r(?P<cells>{_N}))"
)
_POOLINGS = ("pool", "gap")
_FILTERS = ("conv", "depthwise")
_DENSE = ("fc", "recurrent")
LAYERS = (
    "layers are <n>c<k> (conv; <n>c<k>x<k>, <n>c<k>s<stride>), dw<k> (depthwise), p<k> (pooling), gap, fc<n>, r<n> "
    "(recurrent) and res(...)"
)
"""All tokens, in words."""
MOST = 65_536
"""Largest number in a token: more channels or neurons than any device of this kind holds."""
MOST_LAYERS = 256
"""Most tokens of a spelling, and most populations of a network."""


@dataclass(frozen=True)
class Token:
    """One token of a spelling.

    Attributes:
        text: As written.
        place: Its number, from 1, counted as written; those inside a block count on.
        kind: ``conv``, ``depthwise``, ``pool``, ``gap``, ``fc``, ``recurrent``, ``res`` or ``unknown``.
        n: Channels, units or cells; 0 where there are none.
        sides: Of the filter or window, down and across.
        stride: Of the filter.
        block: The tokens of a residual block.
    """

    text: str
    place: int
    kind: str
    n: int = 0
    sides: Size = (1, 1)
    stride: int = 1
    block: tuple[Token, ...] = ()

    @property
    def where(self) -> str:
        """How messages name it."""
        short = self.text if len(self.text) <= 40 else f"{self.text[:37]}..."
        return f"{short!r} (token {self.place})"


class _Reader:
    """Reads a spelling once, and collects what is wrong with each token alone."""

    def __init__(self, text: str) -> None:
        self.faults: list[str] = []
        self._place = 0
        parts, n_layers = _parts(text), text.count("-") + 1
        if parts is None:
            self.faults.append("each '(' needs its ')'")
        elif n_layers > MOST_LAYERS:
            self.faults.append(f"a network may have {MOST_LAYERS} layers at most, these are {n_layers}")
            parts = None
        self.tokens = tuple(self._token(part, inside=False) for part in parts or ())

    def _token(self, text: str, *, inside: bool) -> Token:
        self._place += 1
        token = Token(text, self._place, "unknown")
        if text.startswith("res(") and text.endswith(")"):
            token = self._block(token, inside)
        elif match := _TOKEN.fullmatch(text):
            token = _matched(token, match)
            self._check(token)
        else:
            self.faults.append(f"{token.where} is no layer")
        return token

    def _block(self, token: Token, inside: bool) -> Token:
        """Read a residual block."""
        if inside:
            self.faults.append(f"{token.where}: a block may not stand in a block")
            return token
        # brackets match inside, or they would not have matched around it
        block = tuple(self._token(part, inside=True) for part in _parts(token.text[4:-1]) or ())
        if block[-1].kind in _POOLINGS:
            law = "a block ends in a layer with weights, a pooling stands behind it"
            self.faults.append(f"{block[-1].where}: {law}")
        return replace(token, kind="res", block=block)

    def _check(self, token: Token) -> None:
        """Add what is wrong with a token alone."""
        if max(token.n, *token.sides, token.stride) > MOST:
            self.faults.append(f"{token.where}: a number may be {MOST} at most")
        elif token.kind in _FILTERS and not all(side % 2 for side in token.sides):
            self.faults.append(f"{token.where}: the sides of a filter must be odd")
        elif token.kind == "pool" and token.sides == (1, 1):
            self.faults.append(f"{token.where}: a window must be larger than 1 x 1")


def _parts(text: str) -> list[str] | None:
    """Return the parts between the ``-`` outside of brackets; None where brackets do not match."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if depth < 0:
            return None
        if letter == "-" and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts if depth == 0 else None


def _matched(token: Token, match: re.Match[str]) -> Token:
    """Return a token with what its text says."""
    kind = next(k for k in (*_FILTERS, *_POOLINGS, *_DENSE) if match[k] is not None)
    n = _number(match["channels"] or match["units"] or match["cells"] or "0")
    sides, name = (1, 1), {"conv": "filter", "depthwise": "plane", "pool": "window"}.get(kind)
    if name is not None:
        sides = _number(match[name]), _number(match[f"{name}_across"] or match[name])
    stride = _number(match["stride"] or match["step"] or "1")
    return replace(token, kind=kind, n=n, sides=sides, stride=stride)


def _number(digits: str) -> int:
    """Return a number; one with very many digits, which would be slow to read, as one that is too large."""
    return int(digits) if len(digits) < 10 else MOST + 1


def faults_of(text: str) -> list[str]:
    """Return what is wrong with a spelling, whatever the input; shapes are checked where that is known."""
    reader = _Reader(text)
    return [*reader.faults, *_order_faults(reader.tokens)]


def _order_faults(tokens: tuple[Token, ...], before: str = "", flat: bool = False) -> list[str]:
    """Return which tokens stand where they cannot."""
    faults = []
    for token in tokens:
        if token.kind == "res":
            faults += _order_faults(token.block, before, flat)
        elif token.kind in (*_POOLINGS, *_FILTERS) and flat:
            does = "pool" if token.kind in _POOLINGS else "filter"
            law = f"must stand before the first fc or r layer: behind it is no map to {does}"
            faults.append(f"{token.where} {law}")
        elif token.kind in _POOLINGS and before in _POOLINGS:
            faults.append(f"{token.where} must not follow another pooling")
        flat = flat or any(t.kind in _DENSE for t in (token, *token.block))
        before = token.kind
    return faults


def has_conv(text: str) -> bool:
    """Return whether a spelling without faults has a convolution."""
    return any(t.kind in _FILTERS for token in _Reader(text).tokens for t in (token, *token.block))


def read_spelling(
    text: str, data: Input, classes: int, law: NeuronLaw, *, norm: bool = False, pool: str = "max"
) -> tuple[tuple[Population, ...], tuple[Connection, ...]]:
    """Return the populations and connections of a spelling, readout included.

    Args:
        text: Tokens joined by ``-``.
        data: What the network reads.
        classes: Channels of the readout.
        law: Of all its neurons.
        norm: Whether a batch normalisation stands before each population that does not feed itself.
        pool: Kind of its poolings, ``max`` or ``sum``; a ``gap`` is always a sum.

    Raises:
        ValueError: A token is unknown or stands where it cannot, or a map is pooled away; all that was found.
    """
    faults = faults_of(text)
    builder = Builder(data, law, norm=norm)
    for token in () if faults else _Reader(text).tokens:
        faults += _added(builder, token, pool, certain=not faults)
    if faults:
        raise ValueError("; ".join(faults))
    builder.fc("readout", classes, readout=True)
    return builder.finished()


def _added(builder: Builder, token: Token, pool: str, *, certain: bool) -> list[str]:
    """Add a token's layer, or its pooling of what comes next; return what is wrong with it.

    Where a pooling was refused before (not ``certain``), maps are larger than they were meant to be: what is too small
    to be pooled is so all the more, but whether a block's ends go together is not known.
    """
    start = builder.mark()
    faults: list[str] = []
    for inner in token.block:
        faults += _added(builder, inner, pool, certain=certain and not faults)
    try:
        if token.kind == "pool":
            builder.pool(Pooling(token.sides, "max" if pool == "max" else "sum"))
        elif token.kind == "gap":
            builder.pool(None)
        elif token.kind == "conv":
            builder.conv("conv", token.n, token.sides, (token.stride, token.stride))
        elif token.kind == "depthwise":
            builder.depthwise("dw", token.sides, (token.stride, token.stride))
        elif token.kind in _DENSE:
            builder.fc("fc" if token.kind == "fc" else "rec", token.n, recurrent=token.kind == "recurrent")
        elif certain and not faults:
            builder.join(start)
    except ValueError as error:
        faults.append(f"{token.where}: {error}")
    return faults
