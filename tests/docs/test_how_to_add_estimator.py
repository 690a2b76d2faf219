from docs.follow import follow


def test_the_page_gives_an_estimator_of_probabilities(tmp_path):
    (printed,) = follow("how_to_add_estimator.md", tmp_path)  # its script holds them to [0, 1]
    assert printed.startswith("[1.")
