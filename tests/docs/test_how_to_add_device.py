"""docs/how_to_add_device.md, followed."""

import re

from docs.followed import follow


def test_the_device_is_sound_and_prices_a_network(tmp_path):
    printed = follow("how_to_add_device.md", tmp_path)
    assert "my_mcu.yaml: no fault" in printed
    prices = [int(n) for n in re.findall(r"memory_bytes (\d+)", printed)]
    # a granularity each; the readout's 10 x 32 weights at 2 bits alone take 80 bytes
    assert len(prices) == 2
    assert all(80 < n <= 16 * 1024 for n in prices)
