"""What can be searched of a study's space on a device; what it does not support is dropped, and a note says so.

What the network does not have (filters to prune by) likewise.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from hwsearch.graph.graph import Connection
from hwsearch.hardware.device import HardwareProfile
from hwsearch.space.space import NetworkChoice, SearchSpace
from hwsearch.study.sections import KNOBS, Space


def search_space(
    space: Space,
    profile: HardwareProfile,
    *,
    has_conv: bool,
    layers: Sequence[Connection] = (),
    networks: Sequence[NetworkChoice] = (),
) -> SearchSpace:
    """Return what can be searched of a study's space on a device.

    Args:
        space: The study's section.
        profile: The device.
        has_conv: Whether any network has a conv layer.
        layers: The prunable connections, of any of the networks; needed where each has knobs of its own.
        networks: Those to choose from; none: there is one.
    """
    notes = []
    granularity = list(space.granularity)
    if "kernel" in granularity and not has_conv:
        granularity.remove("kernel")
        notes.append("granularity kernel is not searched: the network has no conv layer")
    unsupported = [g for g in granularity if g not in profile.granularities]
    if unsupported:
        notes.append(
            f"granularity {', '.join(unsupported)} is not searched: {profile.id} does not support it"
        )
    bits_out = [b for b in space.weight_bits if b not in profile.weight_bits]
    if bits_out:
        listed = ", ".join(map(str, bits_out))
        notes.append(f"weight_bits {listed} is not searched: {profile.id} does not store it")
    state_bits, note = _membranes(space.state_bits, profile)
    names = tuple(g for g in granularity if g not in unsupported)
    return SearchSpace(
        sparsity=tuple(sorted(space.sparsity_levels)),
        granularity=names,
        weight_bits=tuple(sorted(b for b in space.weight_bits if b not in bits_out)),
        timesteps=tuple(sorted(space.timesteps)),
        per_layer=len(layers) if space.per_layer else 0,
        notes=(*notes, *note),
        apart=space.knobs_per_layer or KNOBS[:2],
        granularity_of=tuple(_applicable(layer, names) for layer in layers)
        if "granularity" in space.knobs_per_layer
        else (),
        networks=tuple(networks) or (NetworkChoice(),),
        state_bits=state_bits,
    )


def _membranes(
    asked: tuple[int, ...] | None, profile: HardwareProfile
) -> tuple[tuple[int | None, ...], list[str]]:
    """Return the widths of membranes that are searched, rising, and notes on those that are not."""
    if asked is None:
        return (None,), []
    offered = [bits for bits in sorted(asked) if bits in profile.state_widths]
    out = ", ".join(str(bits) for bits in asked if bits not in offered)
    notes = [f"state_bits {out} is not searched: {profile.id} has no membranes of that width"] if out else []
    return tuple(None if bits == profile.state_bits else bits for bits in offered), notes


def _applicable(layer: Connection, names: Collection[str]) -> tuple[str, ...]:
    """Return the granularities that prune something of a layer; all of them where none does."""
    no_planes, no_channels = layer.kind == "fc", layer.readout
    fitting = [
        name
        for name in names
        if not (name == "kernel" and no_planes) and not (name == "channel" and no_channels)
    ]
    return tuple(fitting or names)
