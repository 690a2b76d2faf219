"""Biases bound the fraction bits too, and what does not fit is counted."""

import pandas as pd


def test_biases_of_8_bits_cost_fraction_bits_and_nothing_else(case):
    case.device(bias=8)
    done = case.hwsearch("run", "s.yaml", "--out", "run", "--workers", "1")
    assert done.returncode == 0, done.stderr
    trials = pd.read_csv(case.folder / "run" / "trials.csv")
    trained = trials[trials["outcome"] == "trained"]
    assert (trained["biases_clipped"] == 0).all()
    assert (trained["accuracy_val_float"] - trained["accuracy_val"]).max() < 0.03
