"""Masks of single layers: those that cutting all layers gives, each cut once."""

import numpy as np
import pytest

from hwsearch.compress.masks import prune_layers
from hwsearch.network.stack import LayerParams
from hwsearch.search.stages import layer_masks as module
from hwsearch.search.stages.layer_masks import LayerMasks

RNG = np.random.default_rng(0)
DENSE = tuple(
    LayerParams(RNG.normal(size=shape).astype(np.float32), np.zeros(shape[0], np.float32), None)
    for shape in ((8, 16), (4, 8))
)
WEIGHTS = [layer.weight for layer in DENSE]


def test_by_hand():
    layer = LayerParams(np.array([[0.1, -0.5, 0.3, 0.2]], np.float32), np.zeros(1, np.float32), None)
    assert LayerMasks((layer,)).mask(0, "weight", 0.5, None).tolist() == [[False, True, True, False]]


@pytest.mark.parametrize("granularity", ["weight", "nm:4", "block:4"])
def test_a_layer_alone_is_cut_as_beside_the_others(granularity):
    masks = LayerMasks(DENSE)
    alone = [masks.mask(i, granularity, s, None) for i, s in enumerate((0.5, 0.75))]
    together = prune_layers(WEIGHTS, granularity, (0.5, 0.75))
    assert all((a == b).all() for a, b in zip(alone, together, strict=True))


def test_what_quantising_makes_zero_goes_first():
    layer = LayerParams(np.array([[0.01, 0.02, -1.0, 0.9]], np.float32), np.zeros(1, np.float32), None)
    mask = LayerMasks((layer,)).mask(0, "weight", 0.5, (2,))
    assert mask.tolist() == [[False, False, True, True]]


def test_each_is_cut_once(monkeypatch):
    cuts, prune = [], module.prune_layers
    monkeypatch.setattr(
        module, "prune_layers", lambda *args, **named: cuts.append(1) or prune(*args, **named)
    )
    masks = LayerMasks(DENSE)
    assert masks.mask(0, "weight", 0.5, None) is masks.mask(0, "weight", 0.5, None)
    masks.mask(0, "weight", 0.75, None)
    assert len(cuts) == 2
