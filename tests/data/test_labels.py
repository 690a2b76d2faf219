"""Labels of samples stay; those of frames become those of timesteps."""

import numpy as np
import pytest

from hwsearch.data.labels import labels_at


def test_by_hand():
    samples = np.array([2, 0])
    assert labels_at(samples, 5) is samples
    # bins of four frames in two: the last frame of each
    assert labels_at(np.array([[0, 1, 2, 3]]), 2).tolist() == [[1, 3]]
    with pytest.raises(ValueError, match="4 timesteps at most; got 5"):
        labels_at(np.array([[0, 1, 2, 3]]), 5)
