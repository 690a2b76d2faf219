"""Sequences as stills: what is added up, what stands side by side, by hand."""

import numpy as np

from benchmarks.sequences import side_by_side, squeezed
from hwsearch.data.samples import Samples

# two frames of one channel, one row and two columns
X = np.array([[[[[1, 200]]], [[[4, 100]]]]], np.uint8)


def samples(binning):
    return Samples(X, np.array([0]), 255, classes=1, binning=binning)


def test_counts_are_added_up_and_clipped_where_a_byte_ends():
    assert squeezed(samples("sum")).tolist() == [[[[5, 255]]]]


def test_of_values_the_mean_is_taken_and_rounded():
    assert squeezed(samples("mean")).tolist() == [[[[3, 150]]]]


def test_frames_stand_side_by_side_in_their_order():
    assert side_by_side(samples("sum")).tolist() == [[[[1, 200, 4, 100]]]]
