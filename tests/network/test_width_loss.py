"""What widths take: added up, read back from a row, and in words."""

from hwsearch.network.width_loss import WidthLoss


def test_losses_add_up():
    assert WidthLoss(1, 2, 3) + WidthLoss(10, 20, 30, 0.5, 0.25) == WidthLoss(11, 22, 33, 0.5, 0.25)


def test_what_a_run_clipped_replaces_what_was_there():
    assert WidthLoss(1, 2, 3, 9.0, 9.0).with_clipped(0.5, 1.5) == WidthLoss(1, 2, 3, 0.5, 1.5)


def test_of_a_row():
    row = {
        "weights_zeroed": 4,
        "sums_clipped": "0.5",
        "biases_clipped": 0,
        "thresholds_clipped": None,
        "name": "x",
    }
    assert WidthLoss.of(row) == WidthLoss(weights_zeroed=4, sums_clipped=0.5)
    assert WidthLoss.of({}) == WidthLoss()


def test_words():
    assert WidthLoss().words == ""
    assert WidthLoss(1234, 0, 2, 0.126).words == (
        "1.23e+03 weights rounded to zero by a coarser grid, 2 thresholds clipped, 0.126 sums clipped an inference"
    )
