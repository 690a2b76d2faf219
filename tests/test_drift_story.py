"""A drift from end to end, as it is typed: seen in the stress curve, noticed by the monitor, regained by retraining."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from typer.testing import CliRunner

from hwsearch.cli import app


def typed(*words):
    """Return what a command printed."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.slow
def test_a_drift_is_seen_beforehand_noticed_and_regained(finished, tmp_path):
    model, new = tmp_path / "model", tmp_path / "new"
    typed("export", finished, "--to", model, "--format", "config,weights,monitor")
    curve = typed("stress", model, "--only", "offset", "--seeds", "2", "--to", tmp_path / "stress")
    assert "offset" in curve
    digits = load_digits()
    x = digits.images[:700, None].astype(np.uint8)
    risen = np.minimum(x + 4, 16)
    np.savez(tmp_path / "stream.npz", x=np.concatenate([x[:50], risen[:100]]))
    said = typed("monitor", model, "--data", tmp_path / "stream.npz")
    assert "the inputs' sum has risen" in said
    np.savez(tmp_path / "now.npz", x=risen, y=digits.target[:700])
    regained = typed("retrain", model, "--data", tmp_path / "now.npz", "--epochs", "4", "--to", new)
    assert "training steps" in regained
    typed("verify", new)
