"""What is printed in the end."""

from hwsearch.cli_answers import print_spent

SUMMARY = {
    "counts": {"asked": 40, "trained": 30, "stopped": 10},
    "similarity": {"n": 0},
    "cost": {"train_steps": 200, "dense_train_steps": 100, "wall_s": 1.0, "model_s": 0.1, "model_steps": 20},
    "left": {"n": 10, "expected": 1.25, "low": 0, "high": 4},
    "audit": {"continued": 3, "left": 2, "false_cuts": 0, "low": 0.0, "high": 0.6576},
}


def test_what_was_counted_and_what_is_expected_have_their_intervals(capsys):
    print_spent(SUMMARY)
    said = capsys.readouterr().out
    assert "0 of these came to the front (0% to 66% at 95 %)" in said
    assert "expected to lack 1.2 of them, 0 to 4 at 95 %" in said


def test_where_none_was_left_there_is_no_share(capsys):
    nothing = {"continued": 3, "left": 0, "false_cuts": 0, "low": None, "high": None}
    print_spent(SUMMARY | {"audit": nothing})
    assert "0 of these came to the front\n" in capsys.readouterr().out
