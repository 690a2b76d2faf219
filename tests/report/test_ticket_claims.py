"""What finders were to show, held against made-up numbers by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from builders.tickets import FACTS, TABLE, rows

from hwsearch.report.ticket_claims import claims_markdown, difference


def test_differences_are_paired_by_seed():
    mean, half = difference(TABLE, ("iterative", "weight", 0.5), ("random", "weight", 0.5))
    assert mean == pytest.approx(4.0)
    assert half == pytest.approx(12.7062 * np.std([5, 3], ddof=1) / math.sqrt(2), rel=1e-4)
    assert difference(TABLE, ("iterative", "weight", 0.5), ("reinit", "weight", 0.5)) is None


def test_claims_by_hand():
    table = pd.DataFrame(
        [
            *rows("dense", 0.0, [0.95, 0.97]),
            *rows("multi_prize", 0.5, [0.931, 0.951]),
            *rows("iterative", 0.9, [0.950, 0.970], 1000),
            *rows("iterative", 0.95, [0.90, 0.94], 2000),
            *rows("random", 0.9, [0.930, 0.951]),  # 2.0 and 1.9 better: 1.95 +- 0.64
            *rows("reinit", 0.95, [0.89, 0.91]),  # 1 and 3 better: 2 +- 12.7
            *rows("early_time", 0.9, [0.93, 0.95], 800),
            *rows("early_time", 0.95, [0.93, 0.95], 1000),
            *rows("early_bird", 0.9, [0.93, 0.95], 100),
            *rows("early_bird", 0.95, [0.93, 0.95], 100),
        ]
    )
    text = "\n".join(claims_markdown(table, FACTS))
    assert "random mask of the same layers' sparsities at 90% | yes | +1.95 ± 0.64 points |" in text
    assert "own mask with fresh weights at 95% | no | +2.00 ± 12.71 points |" in text
    assert "at 95% | yes" not in text
    assert "of the iterative finder's steps | no | 20% to 50% at 90 % and beyond" in text
    assert "early-time loses at most 1 point at 90 % | no | +2.00 ± 0.00 points |" in text
    assert "early-bird saves more | yes | 90% to 95%; loses +2.00 ± 0.00 points at 90 % |" in text
    assert "lose at most 2 points against the dense network | yes | +1.90 ± 0.00 points |" in text
    assert "less than a training epoch | yes | 0.25 of one |" in text


def test_what_was_not_compared_is_not_claimed():
    alone = pd.DataFrame(rows("dense", 0.0, [0.95, 0.97]))
    text = claims_markdown(alone, FACTS)
    assert len(text) == 4  # head, rule, the cost of scores, an empty line
    assert "less than a training epoch | yes" in text[2]
    assert (
        "less than a training epoch | no | 2.00 of one" in claims_markdown(alone, FACTS | {"score_s": 4.0})[2]
    )
