import pytest
from builders.machines import write_npz
from docs.follow import follow

from hwsearch.study.model import load_study


@pytest.mark.slow
def test_the_page_searches_arrays_and_writes_its_study(tmp_path):
    write_npz(tmp_path / "windows.npz")
    (printed,) = follow("python.md", tmp_path)
    assert "accuracy_test" in printed
    assert (tmp_path / "model" / "config.yaml").exists()
    assert load_study(tmp_path / "windows.yaml") == load_study(tmp_path / "runs" / "windows" / "study.yaml")
