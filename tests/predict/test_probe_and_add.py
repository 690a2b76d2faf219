"""Probe and add: laws that hold by hand, and sums that are those of a plain loop."""

import numpy as np
import pytest
from scipy.special import ndtr

from hwsearch.predict import probe_and_add as module
from hwsearch.predict.joint import Joint
from hwsearch.predict.probe_and_add import probe_and_add
from hwsearch.predict.probes import Probes

LEVELS = np.array([0.0, 0.5, 0.9])


def probes_of(pruned, quantised=None):
    """Probes of a two-layer network: logits of two inputs over two classes, bits 4 and 8."""
    z = np.array([[2.0, 0.0], [0.0, 1.0]], np.float32)
    quantised = np.zeros((2, 2, 2, 2), np.float32) if quantised is None else quantised
    return Probes(z, LEVELS, {"weight": pruned}, np.array([4, 8]), quantised, 10)


def joint(*sparsity, bits=8):
    return Joint(
        np.array(sparsity), np.full((len(sparsity), 2), "weight"), np.full((len(sparsity), 2), bits), (-1, 0)
    )


def test_what_is_not_compressed_agrees_as_surely_as_the_scale_can_say():
    same = probe_and_add(probes_of(np.zeros((2, 3, 2, 2), np.float32)))
    assert same.expected(joint([0.0, 0.0]))[0] > 0.98


def test_a_layer_that_only_scales_the_logits_changes_no_prediction():
    halved = np.zeros((2, 3, 2, 2), np.float32)
    z = probes_of(halved).logits
    halved[0, 1:] = -0.5 * z  # the layer at any sparsity: z' = z / 2
    added = probe_and_add(probes_of(halved))
    assert np.allclose(added.moved.pruned["weight"][0], 0.0, atol=1e-6)
    assert added.expected(joint([0.9, 0.0]))[0] > 0.98


def test_a_shift_turns_round_the_inputs_whose_margin_is_smaller_by_hand():
    shifted = np.zeros((2, 3, 2, 2), np.float32)
    shifted[1, 2] = [0.0, 3.0]  # at 0.9: z' = (2, 3), (0, 4), the first input turns; no signal lost, no noise
    added = probe_and_add(probes_of(shifted))
    # at 0.7 half of it: z' = (2, 1.5), (0, 2.5)
    assert added.expected(joint([0.0, 0.0], [0.0, 0.7], [0.0, 0.9], [0.9, 0.9])).tolist() == [
        1,
        1,
        0.5,
        0.5,
    ]


def test_noise_makes_small_margins_unsure_by_hand():
    noisy = np.zeros((2, 2, 2, 2), np.float32)
    noisy[0, 0] = [[2.0, 2.0], [-2.0, -2.0]]  # 4 bits in layer 1: variance 4 over inputs, no margin changes
    noisy[1, 0] = [[1.0, 1.0], [-1.0, -1.0]]  # in layer 2: variance 1
    added = probe_and_add(probes_of(np.zeros((2, 3, 2, 2), np.float32), noisy))
    margins = np.array([2.0, 1.0])
    by_hand = ndtr(margins / (0.3 * np.sqrt(2 * (4 + 1)))).mean()
    assert added.expected(joint([0.0, 0.0], bits=4))[0] == pytest.approx(by_hand, abs=1e-6)


def test_perturbations_of_layers_add_up_and_chunks_change_nothing(monkeypatch):
    monkeypatch.setattr(module, "_TABLED", 7)
    monkeypatch.setattr(module, "_CHUNK", 3)
    rng = np.random.default_rng(4)
    z = rng.normal(0, 1, (6, 4)).astype(np.float32)
    pruned = {name: rng.normal(0, 0.3, (2, 3, 6, 4)).astype(np.float32) for name in ("weight", "channel")}
    for changes in pruned.values():
        changes[:, 0] = 0.0
    quantised = rng.normal(0, 0.2, (2, 2, 6, 4)).astype(np.float32)
    added = probe_and_add(Probes(z, LEVELS, pruned, np.array([4, 8]), quantised, 10))
    levels, names = rng.choice(LEVELS, (20, 2)), rng.choice(list(pruned), (20, 2))
    many = Joint(levels, names, rng.choice([4, 8], (20, 2)), (-1, 0))

    def centred(logits):
        without_class_mean = logits - logits.mean(1, keepdims=True)
        return without_class_mean - without_class_mean.mean(0)

    def scaled(change):
        moved = z + change
        return moved / ((centred(moved) * centred(z)).sum() / (centred(z) ** 2).sum()) - z

    for i, got in enumerate(added.expected(many)):
        total, variance = z.copy(), 0.0
        for layer in range(2):
            level = LEVELS.tolist().index(many.sparsity[i, layer])
            bits = int(many.bits[i, layer] == 8)
            for change in (pruned[many.granularity[i, layer]][layer, level], quantised[layer, bits]):
                total += scaled(change)
                variance += scaled(change).var(0).mean()
        first = z.argmax(1)
        rivals = np.where(np.arange(4) == first[:, None], -np.inf, total).max(1)
        gaps = total[np.arange(6), first] - rivals
        assert got == pytest.approx(ndtr(gaps / (0.3 * np.sqrt(2 * variance))).mean(), abs=1e-5)


def test_candidates_are_alike_to_themselves_and_less_to_others():
    rng = np.random.default_rng(0)
    noisy = rng.normal(0, 1.0, (2, 3, 2, 2)).astype(np.float32)
    noisy[:, 0] = 0.0
    added = probe_and_add(probes_of(noisy))
    first, second = joint([0.5, 0.9]), joint([0.9, 0.5])
    assert added.alike(first, first)[0] == pytest.approx(1.0)
    assert added.alike(first, second)[0] < 1.0


def test_unprobed_layers_cancel_between_candidates_that_share_them():
    pruned = np.zeros((2, 3, 2, 2), np.float32)
    pruned[0, 2] = [[-2.0, 2.0], [2.0, -2.0]]  # layer 1 at 0.9 turns everything round
    added = probe_and_add(probes_of(pruned))
    assert added.alike(joint([0.9, 0.0]), joint([0.9, 0.5]))[0] == pytest.approx(1.0)
