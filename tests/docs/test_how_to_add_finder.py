"""docs/how_to_add_finder.md, followed."""

import pytest
from docs.followed import follow


@pytest.mark.slow
def test_the_finder_removes_as_much_as_is_asked(tmp_path):
    printed = follow("how_to_add_finder.md", tmp_path)
    _, table = printed.split("sparsity,sparsity_mask\n")
    rows = [tuple(map(float, line.split(","))) for line in table.split()]
    assert len(rows) == 4
    assert all(mask == pytest.approx(asked, abs=1e-3) for asked, mask in rows)
