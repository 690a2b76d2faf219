"""What finalists keep under input noise, where a study asks that: members of the front that lose more are not picked.

Measured on validation with the integer model; test noise (`hwsearch stress`) is of other draws. Not for the other
disturbances (`hwsearch.stress`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from hwsearch.data.datasets import resplit
from hwsearch.data.samples import Dataset
from hwsearch.measure.measured import Measured
from hwsearch.network.integers import IntegerNetwork
from hwsearch.plan.plan import Plan
from hwsearch.stress.demand import is_kept
from hwsearch.stress.intervals import upper_end
from hwsearch.stress.kinds import kind_of
from hwsearch.stress.measure import Samples, Settings, right, subset, under
from hwsearch.stress.models import Stored

_DRAWS = 10
_MOST_SAMPLES = (
    1000  # bounds the time: a standard error of half a point at most where two in a hundred change
)


@dataclass(frozen=True)
class UnderNoise:
    """What a network keeps.

    Attributes:
        accuracy: On validation under noise, mean over the draws.
        loss: Of the same samples, against no noise.
        loss_high: What that does not exceed with 95 % certainty, over samples and draws.
        kept: Whether that end is no more than the study allows.
    """

    accuracy: float
    loss: float
    loss_high: float
    kept: bool

    @property
    def columns(self) -> dict[str, float]:
        """As columns of front.csv."""
        return {
            "accuracy_val_noise": self.accuracy, "noise_loss": self.loss, "noise_loss_high": self.loss_high,
        }  # fmt: skip


def under_noise(plan: Plan, measured: Measured, seed: int) -> UnderNoise | None:
    """Return what a network keeps under the study's noise; None where the study asks nothing, or there is no network.

    Args:
        plan: The question.
        measured: The network.
        seed: Of its training, whose validation samples are taken.
    """
    wanted, network = plan.study.robustness, measured.network
    if wanted is None or network is None:
        return None
    shares, alone = _shares(network, plan.data, wanted.noise, (seed, plan.study.seed))
    lost = alone - shares
    high = upper_end(lost)
    return UnderNoise(float(shares.mean()), float(lost.mean()), high, is_kept(high, wanted))


@lru_cache(maxsize=256)  # a race asks for the same networks again after each of its rounds
def _shares(
    network: IntegerNetwork, data: Dataset, noise: float, seeds: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return what is right under noise, [S, N], and without it, [N].

    Args:
        network: The integers.
        data: Of the study.
        noise: A share of the inputs' range.
        seeds: Of the validation split, and of the noise.
    """
    split_seed, noise_seed = seeds
    own = resplit(data, split_seed)
    samples = Samples("validation", own.x_val, own.y_val)
    if len(samples.y) > _MOST_SAMPLES:
        samples = subset(samples, np.linspace(0, len(samples.y) - 1, _MOST_SAMPLES).astype(int))
    stored = Stored(network, ("dense",) * len(network.connections))
    shares = under(stored, samples, kind_of("noise"), noise, Settings(seeds=_DRAWS, seed=noise_seed))
    return shares, right(network, samples.x, samples.y)
