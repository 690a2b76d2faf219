"""What a network answers, by the counts of its confusion."""

import numpy as np

from hwsearch.measure.answers import Answers


def answers(confusion):
    counts = np.array(confusion)
    return Answers(
        tuple(counts.sum(1).tolist()), tuple(counts.sum(0).tolist()), tuple(counts.diagonal().tolist()),
        0, 0, (), 0, tuple(map(tuple, counts.tolist())),
    )  # fmt: skip
