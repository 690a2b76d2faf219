"""What a config says of its model's data, or what is wrong with it."""

from pathlib import Path

import numpy as np
import pytest

from hwsearch.data.encode.encoding import Encoding
from hwsearch.data.encode.standardise import fit_standardise
from hwsearch.errors import RecordError
from hwsearch.graph.graph import Input
from hwsearch.results.exported import encoding_in, study_of

READ = Input((1, 2, 2), 255, 8)


def test_an_encoder_comes_back_as_it_was_fitted():
    x = np.random.default_rng(0).normal(size=(9, 1, 2, 2)).astype(np.float32)
    fitted = Encoding((fit_standardise(x, "value", 3.0, 255),), 255)
    again = encoding_in(Path("model"), {"encoding": fitted.settings}, READ)
    assert np.array_equal(again(x), fitted(x))
    assert again.max == 255


@pytest.mark.parametrize(
    "said", [{}, {"encoding": 3}, {"encoding": [{"melt": {}}]}, {"encoding": [{"delta": 1}]}]
)
def test_a_config_without_an_encoder_is_refused(said):
    with pytest.raises(RecordError, match="a config must say how inputs are encoded"):
        encoding_in(Path("model"), said, READ)


def test_a_config_without_a_study_is_refused():
    with pytest.raises(RecordError, match="a config must hold the study"):
        study_of(Path("model"), {"study": {}, "seed": 0})
