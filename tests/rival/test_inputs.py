"""What a plain network is given: images flattened, sequences binned and flattened."""

from dataclasses import dataclass

import numpy as np

from hwsearch.rival.inputs import bins_offered, flattened, largest


@dataclass
class Data:
    """What is asked of a data set."""

    frames: int | None
    input_shape: tuple = (2, 1, 1)
    input_max: int = 3
    input_bits: int = 2
    binning: str = "sum"


def test_a_still_image_is_flattened():
    x = np.arange(8, dtype=np.uint8).reshape(1, 2, 2, 2)
    assert bins_offered(Data(None)) == (0,)
    assert flattened(x, Data(None), 0).tolist() == [list(range(8))]
    assert largest(Data(None), 0) == 3


def test_a_sequence_is_seen_in_bins():
    x = np.array([[[1, 0], [3, 1], [2, 2], [0, 3]]], np.uint8).reshape(1, 4, 2, 1, 1)
    data = Data(4)
    assert bins_offered(data) == (1, 4)
    assert bins_offered(Data(20)) == (1, 4, 16)
    assert flattened(x, data, 1).tolist() == [[6, 6]]
    assert flattened(x, data, 4).tolist() == [[1, 0, 3, 1, 2, 2, 0, 3]]
    assert (largest(data, 1), largest(data, 4)) == (12, 3)
    assert flattened(x, Data(4, binning="mean"), 1).tolist() == [[2, 2]]
