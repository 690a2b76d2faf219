"""What a config says of its model's data, or what is wrong with it."""

from pathlib import Path

import numpy as np
import pytest
from builders.studies import changed

from hwsearch.data.encode.encoding import Encoding
from hwsearch.data.encode.standardise import fit_standardise
from hwsearch.errors import RecordError
from hwsearch.graph.graph import Input
from hwsearch.results.exported import dataset_in, encoding_in, study_of

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


@pytest.fixture
def own_data(tmp_path):
    """A folder with samples of one's own, and a config of a model that reads them, which does not say where."""
    rng, folder = np.random.default_rng(0), tmp_path / "mine"
    folder.mkdir()
    x = rng.integers(0, 256, (60, 1, 2, 2)).astype(np.uint8)
    np.savez(folder / "mine.npz", x=x, y=np.arange(60) % 3)
    return folder, {"study": changed("data", {"npz": "mine.npz"}), "seed": 0}


def test_own_data_are_found_in_the_folder_that_is_named(own_data):
    folder, config = own_data
    data = dataset_in(Path("model"), config, READ, folder)
    assert len(data.y_train) + len(data.y_val) + len(data.y_test) == 60


def test_data_that_the_model_does_not_read_are_refused(own_data):
    folder, config = own_data
    with pytest.raises(RecordError, match="the data must be what the model was trained to read"):
        dataset_in(Path("model"), config, Input((1, 3, 3), 255, 8), folder)
