"""Retraining from Python."""

import numpy as np
from sklearn.datasets import load_digits

import hwsearch
from hwsearch.api_retrain import retrain


def test_the_new_export_lies_beside_the_old_one(finished, tmp_path):
    model = hwsearch.load_run(finished).export(to=tmp_path / "model")
    digits = load_digits()
    np.savez(
        tmp_path / "now.npz", x=(digits.images[:600, None] // 2 + 4).astype(np.uint8), y=digits.target[:600]
    )
    said = []
    found = retrain(model, tmp_path / "now.npz", epochs=2, tell=said.append)
    assert found.folder == tmp_path / "model_retrained"
    assert len(said) == 3
    assert found.spent.energy_j == found.spent.core_seconds * 10
