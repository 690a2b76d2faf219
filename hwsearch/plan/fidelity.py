"""Fidelities of a search: how many epochs each rung trains, and at how many timesteps.

Source: Jamieson and Talwalkar 2016 (successive halving); Kim et al. 2022 (early-time tickets).
"""

from __future__ import annotations

from hwsearch.study.model import Study

_LEAST_RUNG_EPOCHS = 8  # shorter trainings are not worth stopping
_EARLY_SHARES = (4, 2)  # of T, in the first rungs

REFERENCE_BITS = 8
"""Weight bits of the dense reference."""


def rung_epochs(study: Study) -> tuple[int, ...]:
    """Return the epochs of each rung of a search; each is a cosine of its own, so that it can be judged.

    An early search ends after a quarter of the epochs, where candidates rank no worse than after all of them.
    """
    epochs, early = study.train.epochs, study.search.early
    if not study.search.rungs or epochs < _LEAST_RUNG_EPOCHS:
        return (epochs,)
    first, second = max(1, round(epochs / 16)), round(3 * epochs / 16)
    if early == "auto":
        early = _from_trained(study)
    return (first, second) if early else (first, second, epochs - first - second)


def rung_timesteps(study: Study, rung: int, timesteps: int) -> int:
    """Return the T that a rung of a candidate with this T is trained with; it is measured at its own.

    The first rungs rank candidates as well at fewer timesteps, and cost less (benchmarks/early_time.py).

    Source: Kim et al. 2022 (early-time tickets: what is found at few timesteps is good at many).
    """
    early = study.search.early_time
    if early == "auto":
        early = _from_trained(study)
    if not early or len(rung_epochs(study)) == 1 or rung >= len(_EARLY_SHARES):
        return timesteps
    return -(-timesteps // _EARLY_SHARES[rung])


def _from_trained(study: Study) -> bool:
    """Return whether every ticket starts from trained weights of the dense network."""
    return study.tickets.finder == "magnitude"
