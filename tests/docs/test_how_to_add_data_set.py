"""docs/how_to_add_data_set.md, followed."""

from docs.followed import follow


def test_a_study_loads_the_data_set(tmp_path):
    printed = follow("how_to_add_data_set.md", tmp_path)
    assert printed == "stripes (400, 1, 8, 8) (200, 1, 8, 8) (200, 1, 8, 8) 2\n"
