"""A dense reference that a device's widths ruin is refused, with the width to blame; chance refuses nothing."""

from types import SimpleNamespace

import numpy as np
import pytest

from hwsearch.errors import InputError
from hwsearch.network.integers import Widths
from hwsearch.network.width_loss import WidthLoss
from hwsearch.search.stages import reference_check
from hwsearch.search.stages.reference_check import refuse_fallen


def plan(within=0.01, n=400, widths=None, score="accuracy"):
    return SimpleNamespace(
        data=SimpleNamespace(y_val=np.zeros(n, int), x_val=None),
        study=SimpleNamespace(pick=SimpleNamespace(within=within), score=score),
        profile=SimpleNamespace(id="dev"),
        reference_widths=widths or Widths(8, 8, 16, 16),
        dense_timesteps=4,
    )


def measured(lost, won, n=400):
    return SimpleNamespace(
        only_float_right=lost, only_integers_right=won, accuracy_val=0.9 - (lost - won) / n, accuracy_val_float=0.9,
        loss=WidthLoss(biases_clipped=3), params=(),
    )  # fmt: skip


TICKET = SimpleNamespace(bits=(8, 8), masks=())


def test_a_loss_within_the_tolerance_or_within_chance_passes():
    refuse_fallen(plan(), measured(4, 0), TICKET)  # 1 % lost, 1 % tolerated
    # 7 lost, 1 won of 400: 1.5 % +- 1.645 * sqrt(8 - 0.09) / 400 = 1.16 %: 0.34 % for sure
    refuse_fallen(plan(), measured(7, 1), TICKET)
    refuse_fallen(plan(), measured(0, 30), TICKET)


def test_by_another_score_a_class_that_is_lost_counts_for_its_whole_share(monkeypatch):
    monkeypatch.setattr(reference_check, "_accuracy", lambda *a: 0.4)
    # 380 and 20 samples: 10 of the small class are lost, 2.5 % of all, and a quarter of balanced accuracy
    small = measured(10, 0)
    small.fallen, small.answers_val = ((0, 0), (10, 0)), SimpleNamespace(samples=(380, 20))
    refuse_fallen(plan(within=0.05), small, TICKET)
    with pytest.raises(InputError, match=r"tolerance of 5\.0%"):
        refuse_fallen(plan(within=0.05, score="balanced_accuracy"), small, TICKET)
    # by hand: 10/40, give or take 1.645 sqrt(10 - 100/20)/40
    loss, chance = reference_check._loss_by_class(small.fallen, (380, 20))
    assert (loss, chance) == pytest.approx((0.25, 1.645 * 5**0.5 / 40))


def test_what_falls_off_is_refused_with_the_width_to_blame(monkeypatch):
    def accuracy(plan, measured, ticket, widths):
        return 0.89 if widths.accumulator == 32 else 0.4

    monkeypatch.setattr(reference_check, "_accuracy", accuracy)
    with pytest.raises(InputError) as refused:
        refuse_fallen(plan(), measured(200, 0), TICKET)
    text = str(refused.value)
    assert "90.0% as a float network, 40.0% there (3 biases clipped)" in text
    assert "accumulator_bits 8: with 32 it would be 89.0%" in text
    assert "leave 8 out of space.weight_bits" in text


def test_where_no_width_alone_is_to_blame_all_are_named(monkeypatch):
    monkeypatch.setattr(reference_check, "_accuracy", lambda *a: 0.4)
    with pytest.raises(
        InputError, match=r"no single width .* all together \(state_bits 8, accumulator_bits 8"
    ):
        refuse_fallen(plan(), measured(200, 0), TICKET)
