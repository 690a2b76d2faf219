"""Accumulators have the width that the profile gives them."""

import pandas as pd

CONV = "{layers: 8c3-p2-fc32, batch_norm: true, pool: sum}"


def test_a_reference_that_narrow_sums_ruin_is_refused(case):
    case.device(accumulator=8)
    # one 8-bit input times a weight of 1 is twice what the sum can hold
    case.study(network=CONV, data="{name: digits, train_size: 600, input_bits: 8}")
    done = case.hwsearch("run", "s.yaml", "--out", "run", "--workers", "1")
    assert done.returncode == 2, done.stdout
    assert "accumulator_bits 8" in done.stderr
    assert "Traceback" not in done.stderr


def test_sums_beyond_the_accumulator_are_clipped_and_counted(case):
    case.device(accumulator=8)
    case.study(
        network=CONV, space="{sparsity: [0.0, 0.5], granularity: [weight], weight_bits: [2], timesteps: [4]}"
    )
    done = case.hwsearch("run", "s.yaml", "--out", "run", "--workers", "1")
    assert done.returncode in (0, 1), done.stderr
    trials = pd.read_csv(case.folder / "run" / "trials.csv")
    wide = trials[(trials["outcome"] == "trained") & (trials["accumulator_bits"] > 8)]
    assert len(wide)
    assert (wide["sums_clipped"] > 0).all()


def test_a_device_that_rejects_overflow_gets_no_network_that_can(case):
    case.device(accumulator=12, overflow="reject")
    case.study(network=CONV)
    done = case.hwsearch("run", "s.yaml", "--out", "run", "--workers", "1")
    assert "Traceback" not in done.stderr
    trials = pd.read_csv(case.folder / "run" / "trials.csv")
    assert (trials.loc[trials["outcome"] == "trained", "accumulator_bits"] <= 12).all()
    failed = trials[trials["outcome"] == "failed"]
    assert failed["reason"].str.contains("the device has 12").all()
    assert len(failed)
