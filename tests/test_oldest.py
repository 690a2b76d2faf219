"""The oldest allowed versions are read from pyproject.toml, so they cannot drift from it."""

import oldest
import pytest


def test_lower_bounds_by_hand():
    assert oldest.lower_bounds(["numpy>=2.0", "optuna>=5.0,<6", "ruamel.yaml>=0.18"]) == {
        "numpy": "2.0",
        "optuna": "5.0",
        "ruamel.yaml": "0.18",
    }
    with pytest.raises(ValueError, match="no lower bound"):
        oldest.lower_bounds(["numpy"])


def test_what_is_large_stays_at_the_pinned_version():
    versions, pinned = oldest.oldest(), oldest.pinned((oldest.ROOT / "constraints.txt").read_text())
    assert versions["torch"] == pinned["torch"]
    assert versions["spikingjelly"] == pinned["spikingjelly"]
    assert versions["pandas"] == "2.2.2"
