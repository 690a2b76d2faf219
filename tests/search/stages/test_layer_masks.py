"""Masks of single layers: those that cutting all layers gives, each cut once."""

import numpy as np
import pytest
from builders.finders import of_chain, params_of

from hwsearch.compress.masks import prune_layers
from hwsearch.search.stages import layer_masks as module
from hwsearch.search.stages.layer_masks import LayerMasks
from hwsearch.tickets.criteria import after_quantising, score

RNG = np.random.default_rng(0)
DENSE = params_of(*(RNG.normal(size=shape) for shape in ((8, 16), (4, 8))))
CHAIN = of_chain(DENSE)


def test_by_hand():
    params = params_of([[0.1, -0.5, 0.3, 0.2]])
    assert LayerMasks(of_chain(params), params).mask(0, "weight", 0.5, None).tolist() == [
        [False, True, True, False]
    ]


@pytest.mark.parametrize("granularity", ["weight", "nm:4", "block:4"])
def test_a_layer_alone_is_cut_as_beside_the_others(granularity):
    masks = LayerMasks(CHAIN, DENSE)
    alone = [masks.mask(i, granularity, s, None) for i, s in enumerate((0.5, 0.75))]
    together = prune_layers(CHAIN.connections, DENSE.weights, granularity, (0.5, 0.75))
    assert all((a == b).all() for a, b in zip(alone, together, strict=True))


@pytest.mark.parametrize("bits", [None, (4, 2)])
@pytest.mark.parametrize("granularity", ["weight", "nm:4", "block:4", "channel"])
def test_it_is_the_mask_of_a_network_of_which_nothing_else_is_cut(granularity, bits):
    masks = LayerMasks(CHAIN, DENSE)
    scores = score("magnitude", DENSE)
    for place in range(2):
        near = None if bits is None else masks._near(bits, place, granularity)
        worth = scores if near is None else after_quantising(scores, CHAIN, DENSE, near)
        sparsities = [0.5 if i == place else 0.0 for i in range(2)]
        whole = prune_layers(CHAIN.connections, DENSE.weights, granularity, sparsities, scores=worth)
        assert (masks.mask(place, granularity, 0.5, near) == whole[place]).all()


def test_what_quantising_makes_zero_goes_first():
    params = params_of([[0.01, 0.02, -1.0, 0.9]])
    mask = LayerMasks(of_chain(params), params).mask(0, "weight", 0.5, (2,))
    assert mask.tolist() == [[False, False, True, True]]


def test_each_is_cut_once(monkeypatch):
    cuts, prune = [], module.prune_layer
    monkeypatch.setattr(module, "prune_layer", lambda *args, **named: cuts.append(1) or prune(*args, **named))
    masks = LayerMasks(CHAIN, DENSE)
    assert masks.mask(0, "weight", 0.5, None) is masks.mask(0, "weight", 0.5, None)
    masks.mask(0, "weight", 0.75, None)
    assert len(cuts) == 2


def test_bits_of_other_layers_make_no_new_cut_but_of_channels(monkeypatch):
    cuts, prune = [], module.prune_layer
    monkeypatch.setattr(module, "prune_layer", lambda *args, **named: cuts.append(1) or prune(*args, **named))
    masks = LayerMasks(CHAIN, DENSE)
    first = masks.together(("weight", "weight"), (0.5, 0.5), (4, 4))
    second = masks.together(("weight", "weight"), (0.5, 0.5), (4, 2))
    assert len(cuts) == 3  # the second layer alone is cut anew
    assert (first[0] == second[0]).all()
    masks.together(("channel", "channel"), (0.5, 0.0), (4, 4))
    masks.together(("channel", "channel"), (0.5, 0.0), (4, 2))
    assert len(cuts) == 3 + 4
