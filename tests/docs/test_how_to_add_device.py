from docs.follow import follow


def test_the_page_gives_a_device_that_prices_a_network(tmp_path):
    new, skeleton, check, shown, priced = follow("how_to_add_device.md", tmp_path)
    assert "skeleton.yaml" in new
    assert skeleton
    assert check
    assert "My board" in shown
    assert priced.startswith("640 ")
