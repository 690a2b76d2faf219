import pandas as pd
import pytest
from docs.follow import follow


@pytest.mark.slow
def test_the_page_gives_a_finder_whose_masks_have_the_right_count_and_that_a_study_takes(tmp_path):
    follow("how_to_add_finder.md", tmp_path)  # its script counts the masks
    trials = pd.read_csv(tmp_path / "runs" / "random_cut" / "trials.csv")
    weights = 64 * 32 + 32 * 10
    asked = trials["sparsity"].astype(str).str.rstrip("%").astype(float)
    assert (abs(trials["sparsity_mask"] - asked) < 2 / weights).all()
