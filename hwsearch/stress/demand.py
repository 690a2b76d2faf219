"""What a study demands of a pick under noise, and who of a front keeps it. Not for how it is measured."""

from __future__ import annotations

import pandas as pd

from hwsearch.study.search_sections import Robustness

_ROUNDING = 1e-9  # losses are counts over a split: a hair's breadth of rounding must not decide


def is_kept(high: float, wanted: Robustness) -> bool:
    """Return whether a loss of accuracy under the study's noise, its upper end, is no more than it allows."""
    return high <= wanted.lose_at_most + _ROUNDING


def robust_members(front: pd.DataFrame, wanted: Robustness | None) -> pd.DataFrame:
    """Return the rows of a front that lose no more under noise than a study allows; all, where it asks nothing.

    A front of before the study asked has not measured it: none of its rows is known to keep it.
    """
    if wanted is None or front.empty:
        return front
    if "noise_loss_high" not in front:
        return front.iloc[:0]
    return front[[is_kept(float(high), wanted) for high in front["noise_loss_high"]]]
