"""A first study: the section of each kind of data, and a file that says what it would have said as values."""

from pathlib import Path

import pytest
from builders.machines import write_csv

from hwsearch.errors import InputError
from hwsearch.start.look import Found, look
from hwsearch.start.write import Answers, data_section, write_first_study
from hwsearch.study.model import load_study

TABLE = Found("csv", {"s": "", "r": "", "p": ""}, {"label": "s", "group": "r"}, ("p",))


def section(found, uses, data="data/line.csv", to="line.yaml", **settings):
    return data_section(found, Answers(Path(data), "nrf52840", "1%", uses, settings), Path(to))


@pytest.mark.parametrize(
    ("found", "uses", "expected"),
    [
        (
            Found("csv"),
            {"label": "s", "group": "r", "x": "q"},
            {"csv": "data/line.csv", "label": "s", "group": "r"},
        ),
        (Found("npz"), {"label": "t", "x": "q", "time": "u"}, {"npz": "data/line.csv", "x": "q", "y": "t"}),
        (Found("wav"), {}, {"wav": "data/line.csv", "label": "folder"}),
        (Found("images"), {}, {"images": "data/line.csv", "label": "folder"}),
        (Found("events", format="nmnist"), {}, {"events": "data/line.csv", "format": "nmnist"}),
    ],
)
def test_each_kind_of_data_has_its_keys(found, uses, expected):
    assert section(found, uses) == expected


def test_data_elsewhere_are_below_a_root():
    found = section(
        TABLE, {"label": "s", "group": "r"}, data="/data/line.csv", to="/studies/line.yaml", window=8
    )
    assert found == {"root": "/data", "csv": "line.csv", "label": "s", "group": "r", "window": 8}


def test_the_file_is_loaded_as_the_plan_was_made(tmp_path):
    data, to = write_csv(tmp_path / "line.csv", n_runs=18, rows=128), tmp_path / "off.yaml"
    uses = {"label": "state", "group": "run"}
    answers = Answers(data, "nrf52840", "2%", uses, {"window": 16}, {"memory_bytes": "8 KiB"})
    plan = write_first_study(look(data), answers, to)
    assert load_study(to) == plan.study
    comments = [line for line in to.read_text().splitlines() if line.startswith("#")]
    assert max(map(len, to.read_text().splitlines())) < 160
    assert len(comments) >= 8


@pytest.mark.parametrize(
    ("uses", "settings", "device", "place"),
    [
        ({"label": "state", "group": "run"}, {"window": 16, "columns": ["flw"]}, "nrf52840", "--columns.0"),
        ({"label": "state", "group": "state"}, {"window": 16}, "nrf52840", "--label"),
        ({"label": "state"}, {"hop": 4}, "nrf52840", "--hop"),
        ({"label": "state"}, {}, "nrf5284", "--device"),
    ],
)
def test_what_the_data_or_the_study_refuse_names_an_option_or_the_column(
    tmp_path, uses, settings, device, place
):
    data = write_csv(tmp_path / "line.csv", n_runs=9, rows=64)
    with pytest.raises(InputError) as caught:
        write_first_study(look(data), Answers(data, device, "1%", uses, settings), tmp_path / "line.yaml")
    assert caught.value.faults[0].where == place
    assert [path.name for path in tmp_path.iterdir()] == ["line.csv"]
