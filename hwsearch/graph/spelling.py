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
``res(...)``     a residual block: its last population is also entered by what the block reads, through a weight a channel
                 where the shapes are alike, else through a 1 x 1 convolution
================ =====================================================================================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hwsearch.graph.builder import Builder
from hwsearch.graph.graph import Connection, Input, Pooling, Population, Size
from hwsearch.graph.neuron_law import NeuronLaw

_SIDES = r"(?P<{0}>[1-9][0-9]*)(?:x(?P<{0}_across>[1-9][0-9]*))?"
_TOKEN = re.compile(
    r"(?P<conv>(?P<channels>[1-9][0-9]*)c" + _SIDES.format("filter") + r"(?:s(?P<stride>[1-9][0-9]*))?)"
    r"|(?P<depthwise>dw" + _SIDES.format("plane") + r"(?:s(?P<step>[1-9][0-9]*))?)"
    r"|(?P<pool>p" + _SIDES.format("window") + r")"
    r"|(?P<gap>gap)|(?P<fc>fc(?P<units>[1-9][0-9]*))|(?P<recurrent>r(?P<cells>[1-9][0-9]*))"
)
_WANTED = (
    "<n>c<k> (conv; also <n>c<k>x<k>, <n>c<k>s<stride>), dw<k> (depthwise), p<k> (pooling), gap, fc<n>, r<n> (recurrent) or "
    "res(...)"
)
_MOST = 65_536
"""Largest number in a token: more channels or neurons than any device of this kind holds."""


@dataclass(frozen=True)
class Token:
    """One token of a spelling.

    Attributes:
        text: As written.
        place: Its number, from 1, counted as written; those inside a block count on.
        kind: ``conv``, ``depthwise``, ``pool``, ``gap``, ``fc``, ``recurrent`` or ``res``.
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
        return f"{self.text!r} (token {self.place})"


class _Reader:
    """Reads a spelling once, and collects all that is wrong with it."""

    def __init__(self, text: str) -> None:
        self.faults: list[str] = []
        self._place = 0
        self.tokens = self._sequence(text, inside=False)

    def _sequence(self, text: str, *, inside: bool) -> tuple[Token, ...]:
        parts = _parts(text)
        if parts is None:
            self.faults.append(f"{text!r}: each '(' needs its ')'")
            return ()
        return tuple(token for part in parts if (token := self._token(part, inside)) is not None)

    def _token(self, text: str, inside: bool) -> Token | None:
        self._place += 1
        place = self._place
        if text.startswith("res(") and text.endswith(")"):
            if inside:
                self.faults.append(f"{text!r} (token {place}): a block may not stand in a block")
            block = self._sequence(text[4:-1], inside=True)
            if block and block[-1].kind in ("pool", "gap"):
                self.faults.append(f"{block[-1].where}: a block ends in a layer with weights; pool behind the block")
            return Token(text, place, "res", block=block)
        match = _TOKEN.fullmatch(text)
        if match is None:
            self.faults.append(f"{text!r} (token {place}) is not {_WANTED}")
            return None
        token = _token(text, place, match)
        self._check(token)
        return token

    def _check(self, token: Token) -> None:
        """Add what is wrong with a token alone."""
        if token.kind in ("conv", "depthwise") and not all(side % 2 for side in token.sides):
            self.faults.append(f"{token.where}: a filter's sides must be odd (padding keeps the size)")
        if token.kind == "pool" and token.sides == (1, 1):
            self.faults.append(f"{token.where}: a window must be larger than 1 x 1")
        if max(token.n, *token.sides, token.stride) > _MOST:
            self.faults.append(f"{token.where}: a number may be {_MOST} at most")


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


def _token(text: str, place: int, match: re.Match[str]) -> Token:
    kind = next(k for k in ("conv", "depthwise", "pool", "gap", "fc", "recurrent") if match[k] is not None)
    n = int(match["channels"] or match["units"] or match["cells"] or 0)
    sides, name = (1, 1), {"conv": "filter", "depthwise": "plane", "pool": "window"}.get(kind)
    if name is not None:
        down = int(match[name])
        sides = (down, int(match[f"{name}_across"] or down))
    return Token(text, place, kind, n, sides, int(match["stride"] or match["step"] or 1))


def faults_of(text: str) -> list[str]:
    """Return what is wrong with a spelling, whatever the input; shapes are checked where that is known."""
    reader = _Reader(text)
    return reader.faults or _order_faults(reader.tokens)


def _order_faults(tokens: tuple[Token, ...], before: str = "", flat: bool = False) -> list[str]:
    """Return which tokens stand where they cannot."""
    faults = []
    for token in tokens:
        if token.kind == "res":
            inner = _order_faults(token.block, before, flat)
            faults += inner
            flat = flat or any(t.kind in ("fc", "recurrent") for t in token.block)
        elif token.kind in ("pool", "gap"):
            if flat:
                faults.append(f"{token.where} must stand before the first fc or recurrent layer: there is no map to pool")
            elif before in ("pool", "gap"):
                faults.append(f"{token.where} must not follow another pooling")
        elif token.kind in ("conv", "depthwise") and flat:
            faults.append(f"{token.where} must stand before the first fc or recurrent layer: there is no map to filter")
        flat = flat or token.kind in ("fc", "recurrent")
        before = token.kind
    return faults


def has_conv(text: str) -> bool:
    """Return whether a spelling without faults has a convolution."""
    tokens = _Reader(text).tokens
    return any(t.kind in ("conv", "depthwise") for token in tokens for t in (token, *token.block))


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
    if faults:
        raise ValueError("; ".join(faults))
    builder = Builder(data, law, norm=norm)
    for token in _Reader(text).tokens:
        _add(builder, token, pool)
    builder.fc("readout", classes, readout=True)
    return builder.finished()


def _add(builder: Builder, token: Token, pool: str) -> None:
    """Add a token's layer, or its pooling of what comes next."""
    try:
        if token.kind == "res":
            start = builder.mark()
            for inner in token.block:
                _add(builder, inner, pool)
            builder.join(start)
        elif token.kind == "pool":
            builder.pool(Pooling(token.sides, "max" if pool == "max" else "sum"))
        elif token.kind == "gap":
            builder.pool(None)
        elif token.kind == "conv":
            builder.conv("conv", token.n, token.sides, (token.stride, token.stride))
        elif token.kind == "depthwise":
            builder.depthwise("dw", token.sides, (token.stride, token.stride))
        else:
            builder.fc("fc" if token.kind == "fc" else "rec", token.n, recurrent=token.kind == "recurrent")
    except ValueError as error:
        text = str(error)
        raise ValueError(text if "(token " in text else f"{token.where}: {text}") from None
