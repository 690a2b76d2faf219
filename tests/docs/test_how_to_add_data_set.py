import pandas as pd
import pytest
from docs.follow import follow


@pytest.mark.slow
def test_the_page_gives_a_data_set_that_a_study_learns(tmp_path):
    checked, printed = follow("how_to_add_data_set.md", tmp_path)
    assert "samples: 1600 still images of 1 channels, 8 rows, 8 columns; whole numbers 0 .. 15" in checked
    assert (tmp_path / "data.png").exists()
    assert "stripes" in printed
    front = pd.read_csv(tmp_path / "runs" / "stripes" / "front.csv")
    assert front["accuracy_test"].max() > 0.5  # of 16 classes
