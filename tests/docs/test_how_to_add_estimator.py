"""docs/how_to_add_estimator.md, followed."""

import pytest
from docs.followed import follow


@pytest.mark.slow
def test_the_estimator_gives_agreements(tmp_path):
    printed = follow("how_to_add_estimator.md", tmp_path)
    _, table = printed.split("similarity\n")
    values = [float(line) for line in table.split()]
    assert len(values) == 4
    assert all(0 <= value <= 1 for value in values)
