"""A whole run that moves its training images: whoever trains, wherever it broke off; measured on images as they are."""

import pandas as pd
import pytest
from builders.tiny import TINY

import hwsearch
from hwsearch.data.datasets import resplit
from hwsearch.network.integer import run_integer
from hwsearch.results.recover import recover
from hwsearch.study.model import load_study

TEXT = TINY.replace("candidates: 24", "candidates: 8").replace(
    "train: {", "train: {augment: {shift: 1, flip: horizontal}, "
)
FINAL = ["accuracy_val", "accuracy_test", "network_digest", "memory_bytes"]


def trials(result):
    """Return what a run found, without its timings."""
    return result.trials.drop(columns="wall_s")


@pytest.mark.slow
def test_an_augmented_run_is_the_same_by_one_or_two_workers_and_goes_on(tmp_path):
    study, still = tmp_path / "study.yaml", tmp_path / "still.yaml"
    study.write_text(TEXT)
    still.write_text(TEXT.replace("augment: {shift: 1, flip: horizontal}, ", ""))
    whole = hwsearch.run(study, out=tmp_path / "whole")

    def stop(event):
        if event.kind == "candidates":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hwsearch.run(study, out=tmp_path / "broken", listen=stop)
    again = hwsearch.run(study, out=tmp_path / "broken", workers=2)
    pd.testing.assert_frame_equal(trials(whole), trials(again))
    pd.testing.assert_frame_equal(whole.front[FINAL], again.front[FINAL])
    assert load_study(whole.folder.study).train.augment.shift == 1
    other = hwsearch.run(still, out=tmp_path / "still")
    assert other.dense["accuracy_val"] != whole.dense["accuracy_val"]
    # what is measured on is not moved: the stored network gives the recorded answers on validation as it is read
    row = whole.front.iloc[0]
    found = recover(whole.folder, int(row["trial"]))
    data = resplit(found.plan.data, found.seed)
    right = (run_integer(found.network, data.x_val).predictions == data.y_val).mean()
    assert right == pytest.approx(row["accuracy_val_own"])
