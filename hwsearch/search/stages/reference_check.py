"""Whether the dense reference survives the device's widths; what it loses there is no yardstick for a search."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hwsearch.data.frames import timestep_labels
from hwsearch.errors import Fault, InputError
from hwsearch.measure.accuracy import accuracy
from hwsearch.measure.measured import Measured
from hwsearch.network.fold import fold
from hwsearch.network.integer import run_integer
from hwsearch.network.integers import Widths
from hwsearch.network.params import Ticket
from hwsearch.plan.plan import Plan

_SURE = 1.645  # standard errors: 95 %, one-sided
_TOLERANCE = 0.01  # where the study says what must be reached, not what may be lost


def refuse_fallen(plan: Plan, measured: Measured, ticket: Ticket) -> None:
    """Refuse a dense reference whose integers fall off its float network by more than the study tolerates.

    The loss is that of the same predictions on validation, of accuracy; of balanced accuracy where the study's score is
    another than accuracy. Chance alone (two standard errors of the paired difference)
    refuses nothing.

    Args:
        plan: The question.
        measured: The reference, with its floats.
        ticket: What it was trained from.

    Raises:
        InputError: It falls off; the width to blame is named.
    """
    lost, won = measured.only_float_right or 0, measured.only_integers_right or 0
    n = timestep_labels(plan.data.y_val, plan.dense_timesteps).size
    loss = (lost - won) / n
    chance = _SURE * math.sqrt(max(lost + won - (lost - won) ** 2 / n, 0.0)) / n
    if plan.study.score != "accuracy" and measured.answers_val is not None:
        loss, chance = _loss_by_class(measured.fallen, measured.answers_val.samples)
    tolerance = _TOLERANCE if plan.study.pick.within is None else plan.study.pick.within
    if loss - chance <= tolerance:
        return
    law = (
        f"the dense reference must keep its accuracy on {plan.profile.id} within the study's tolerance of "
        f"{tolerance:.1%}"
    )
    got = f"{measured.accuracy_val_float:.1%} as a float network, {measured.accuracy_val:.1%} there"
    if measured.loss is not None and measured.loss.words:
        got += f" ({measured.loss.words})"
    todo = (
        f"{_blamed(plan, measured, ticket, measured.accuracy_val or 0.0)}; choose another device, fewer "
        f"data.input_bits, or leave {ticket.bits[0]} out of space.weight_bits: a reference whose bits are not searched "
        "has the widths that it needs"
    )
    raise InputError([Fault("device.profile", law, got, todo)])


def _loss_by_class(fallen: Sequence[tuple[int, int]], samples: Sequence[int]) -> tuple[float, float]:
    """Return the loss of balanced accuracy, and what of it may be chance: means over classes of paired differences."""
    classes, loss, variance = sum(n > 0 for n in samples), 0.0, 0.0
    for (lost, won), n in zip(fallen, samples, strict=True):
        if n:
            loss += (lost - won) / (classes * n)
            variance += max(lost + won - (lost - won) ** 2 / n, 0.0) / (classes * n) ** 2
    return loss, _SURE * math.sqrt(variance)


def _blamed(plan: Plan, measured: Measured, ticket: Ticket, accuracy_there: float) -> str:
    """Say which width costs most: the one that gives back most when it alone is wide."""
    assert measured.params is not None
    device = plan.reference_widths
    offered = {
        "state": device.state,
        "accumulator": device.accumulator,
        "bias": device.bias,
        "threshold": device.threshold,
    }
    gains = {}
    for name in offered:
        wide = replace(device, **{name: getattr(Widths(), name)})
        gains[name] = _accuracy(plan, measured, ticket, wide) - accuracy_there
    name = max(gains, key=lambda key: gains[key])
    if gains[name] > 0:
        return (
            f"to blame is {name}_bits {offered[name]}: with 32 it would be {accuracy_there + gains[name]:.1%}"
        )
    listed = ", ".join(f"{key}_bits {bits}" for key, bits in offered.items())
    return f"no single width is to blame, but all together ({listed})"


def _accuracy(plan: Plan, measured: Measured, ticket: Ticket, widths: Widths) -> float:
    """Return the reference's accuracy on validation at other widths."""
    assert measured.params is not None
    network = fold(plan.spec, measured.params, ticket.masks, ticket.bits, plan.dense_timesteps, widths)
    labels = timestep_labels(plan.data.y_val, plan.dense_timesteps)
    return float(accuracy(np.asarray(run_integer(network, plan.data.x_val).predictions), labels))
