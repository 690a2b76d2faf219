"""Spellings of networks, drawn: convolutions of every kind, blocks, pooling, recurrence."""

from hypothesis import strategies as st


def spellings():
    """Return a strategy of spellings that fit an input of 12 by 2048 pixels."""
    sides = st.sampled_from(["1", "3", "3x1", "1x5"])
    stride = st.sampled_from(["", "s2"])
    conv = st.builds("{}c{}{}".format, st.integers(1, 4), sides, stride)
    depthwise = st.builds("dw{}{}".format, sides, stride)
    maps = st.lists(st.one_of(conv, depthwise), min_size=1, max_size=3).map("-".join)
    front = st.lists(st.one_of(maps, maps.map("res({})".format)), min_size=1, max_size=3).map("-".join)
    dense = st.builds("{}{}".format, st.sampled_from(["fc", "r"]), st.integers(1, 5))
    flat = st.lists(st.one_of(dense, dense.map("res({})".format)), max_size=3)
    joint = st.sampled_from(["", "-gap", "-p1x2"])
    return st.builds(lambda a, b, c: "-".join([a + b, *c]), front, joint, flat)
