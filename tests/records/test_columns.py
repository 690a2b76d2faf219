"""What several tables say alike, by hand."""

from hwsearch.network.width_loss import WidthLoss
from hwsearch.records.columns import LaterColumns, knob_columns, width_columns
from hwsearch.space.candidate import Candidate


def test_knobs_for_all_layers_are_numbers_and_a_knob_a_layer_is_text():
    assert knob_columns(Candidate((0.5,), "nm:4", (8,), 3)) == {
        "sparsity": 0.5, "granularity": "nm:4", "weight_bits": 8, "timesteps": 3,
    }  # fmt: skip
    assert knob_columns(Candidate((0.5, 0.90, 0.0), "weight", (8, 2, 4), 3)) == {
        "sparsity": "0.5/0.9/0", "granularity": "weight", "weight_bits": "8/2/4", "timesteps": 3,
    }  # fmt: skip
    mixed = knob_columns(Candidate((0.5, 0.25), ("nm:4", "channel"), (8,), 3))
    assert mixed["granularity"] == "nm:4/channel"


def test_what_was_not_trained_has_no_widths():
    lost = WidthLoss(weights_zeroed=3, sums_clipped=0.5)
    assert width_columns(lost, 17, 12) == {
        "accumulator_bits": 17, "membrane_bits": 12, "weights_zeroed": 3, "biases_clipped": 0, "thresholds_clipped": 0,
        "sums_clipped": 0.5, "membranes_clipped": 0.0,
    }  # fmt: skip
    assert set(width_columns(None, None, None).values()) == {None}


def test_knobs_that_came_later_have_columns_only_where_a_study_turns_them():
    candidate = Candidate((0.5,), "nm:4", (8,), 3, network=1)
    assert LaterColumns().names == ()
    assert LaterColumns().columns(candidate) == {}
    turned = LaterColumns(("fc8", "fc16"), 16)
    assert turned.names == ("state_bits", "network")
    # a candidate that chose no width has the device's own
    assert turned.columns(candidate) == {"state_bits": 16, "network": "fc16"}
    assert turned.columns(Candidate((0.5,), "nm:4", (8,), 3, state_bits=8)) == {
        "state_bits": 8,
        "network": "fc8",
    }
