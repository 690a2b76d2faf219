"""What a readout adds up over many timesteps fits its accumulator."""

import pandas as pd


def test_a_readout_over_64_timesteps_fits_16_bits(case):
    case.device(accumulator=16)
    space = "{sparsity: [0.0], granularity: [weight], weight_bits: [8], timesteps: [64]}"
    train = "{dense_epochs: 6, epochs: 2, dense_learning_rate: 0.01, learning_rate: 0.01}"
    case.study(
        network="{layers: fc64, batch_norm: true}",
        space=space,
        train=train,
        search="{candidates: 1, batch: 1}",
    )
    done = case.hwsearch("run", "s.yaml", "--out", "run", "--workers", "1")
    assert done.returncode == 0, done.stderr
    front = pd.read_csv(case.folder / "run" / "front.csv")
    assert (front["sums_clipped"] == 0).all() or (front["accumulator_bits"] > 16).any()
    assert (front["accuracy_val_float"] - front["accuracy_val_own"]).max() < 0.03
