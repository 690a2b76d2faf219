"""A narrow membrane behind wide sums costs no weight."""

import json

import pandas as pd


def test_no_weight_is_lost_to_a_membrane_of_8_bits(case):
    case.device(bias=8, threshold=8, state=8, accumulator=32)
    case.study(data="{name: digits, train_size: 600, input_bits: 8}")
    done = case.hwsearch("run", "s.yaml", "--out", "run", "--workers", "1")
    assert done.returncode == 0, done.stderr
    trials = pd.read_csv(case.folder / "run" / "trials.csv")
    trained = trials[trials["outcome"] == "trained"]
    assert (trained["accuracy_val_float"] - trained["accuracy_val"]).max() < 0.03
    assert trained["weights_zeroed"].max() <= 20  # of 2,368, in channels of tiny weights
    dense = json.loads((case.folder / "run" / "summary.json").read_text())["dense"]
    assert abs(dense["accuracy_val_own"] - dense["accuracy_val_float"]) < 0.02
