"""One trained candidate, and all that was measured of it."""

from __future__ import annotations

from dataclasses import dataclass

from hwsearch.hardware.workload import Workload
from hwsearch.measure.answers import Answers
from hwsearch.measure.scores import score_of
from hwsearch.network.integers import IntegerNetwork
from hwsearch.network.params import Params
from hwsearch.network.width_loss import WidthLoss
from hwsearch.study.laws import Score


@dataclass(frozen=True)
class Measured:
    """One trained and measured candidate; with a ``failure`` the rest is None.

    Attributes:
        failure: Why there is no result; empty when there is one.
        network: The shrunk integer network.
        workload: Counted on the validation split.
        accuracy_val, accuracy_test: Of the integer model.
        accuracy_val_float: Of the float network.
        sparsity_effective: Fraction of the dense network's weights that are zero in the end.
        accumulator_bits, membrane_bits: Widths that no input can exceed.
        params: Trained floats, if asked for.
        train_steps, eval_steps: Samples times timesteps.
        wall_s: Its share of the job's seconds.
        loss: What the widths took.
        only_float_right, only_integers_right: Validation samples that the float network alone, and the integers alone,
            get right.
        answers_val, answers_test: What the integer network answers on each split.
        fallen: Of each class, what ``only_float_right`` and ``only_integers_right`` count.
    """

    failure: str
    network: IntegerNetwork | None
    workload: Workload | None
    accuracy_val: float | None
    accuracy_val_float: float | None
    accuracy_test: float | None
    sparsity_effective: float | None
    accumulator_bits: int | None
    membrane_bits: int | None
    params: Params | None
    train_steps: int
    eval_steps: int
    wall_s: float = 0.0
    loss: WidthLoss | None = None
    only_float_right: int | None = None
    only_integers_right: int | None = None
    answers_val: Answers | None = None
    answers_test: Answers | None = None
    fallen: tuple[tuple[int, int], ...] = ()

    def score_val(self, score: Score) -> float | None:
        """Return the integer model's score on validation; None with a failure."""
        if score == "accuracy" or self.answers_val is None:
            return self.accuracy_val
        return score_of(self.answers_val, score)

    def score_test(self, score: Score) -> float | None:
        """Return the integer model's score on test; None where it was not measured."""
        if score == "accuracy" or self.answers_test is None:
            return self.accuracy_test
        return score_of(self.answers_test, score)
