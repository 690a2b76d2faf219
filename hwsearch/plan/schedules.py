"""How candidates are trained, in one piece or rung by rung."""

from __future__ import annotations

from dataclasses import replace

from hwsearch.plan.plan import Plan
from hwsearch.study.sections import Train
from hwsearch.train.augment import Augmentation
from hwsearch.train.loop import Schedule


def candidate_schedule(plan: Plan) -> Schedule:
    """Return how candidates are trained in one piece."""
    return schedule_of(plan.study.train)


def schedule_of(train: Train) -> Schedule:
    """Return how a study trains its candidates in one piece."""
    return Schedule(
        train.epochs, train.batch_size, train.learning_rate, train.loss_gain, train.input_noise, train.class_weights,
        augmentation_of(train),
    )  # fmt: skip


def dense_schedule(plan: Plan) -> Schedule:
    """Return how the dense network is trained."""
    train = plan.study.train
    return replace(schedule_of(train), epochs=train.dense_epochs, learning_rate=train.dense_learning_rate)


def rung_schedule(plan: Plan, rung: int) -> Schedule:
    """Return how a rung is trained."""
    return replace(candidate_schedule(plan), epochs=plan.cycles[rung])


def augmentation_of(train: Train) -> Augmentation | None:
    """Return how a study moves and mirrors its training images; None: it does not."""
    return None if train.augment is None else Augmentation(train.augment.shift, train.augment.flip)
