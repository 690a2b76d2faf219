"""The monitor from Python."""

import numpy as np

import hwsearch
from hwsearch import api_monitor


def test_paths_may_be_text(finished, tmp_path):
    formats = ["config", "weights", "monitor"]
    model = hwsearch.load_run(finished).export(to=tmp_path / "model", formats=formats)
    np.savez(tmp_path / "dark.npz", x=np.zeros((50, 1, 8, 8), np.uint8))
    watched = api_monitor.monitor(str(model), data=str(tmp_path / "dark.npz"))
    assert watched.inferences == 50
    assert watched.alarms[0].inference < 20
