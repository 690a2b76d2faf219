"""The section as the page has it: nothing in its data can end the script or start another."""

import base64
import json
from dataclasses import replace

import pytest
from builders.runs import HOSTILE, synthetic_run

from hwsearch.report.front.section import ICONS, as_json, front_section
from hwsearch.report.tables import read_run


def test_hostile_text_stays_text_in_the_json(played):
    section = front_section(played)
    assert not {"<", ">", "&", "'"} & set(section.json)
    read = json.loads(section.json)
    assert any(HOSTILE in text for text in read["points"]["said"])
    assert read["command"][0] == "hwsearch export 'it'\"'\"'s <b>; rm -r ~' --trial "


def test_numbers_survive_to_the_last_digit(played):
    section = front_section(played)
    read = json.loads(section.json)
    assert {
        name: tuple(values) for name, values in read["points"]["value"].items()
    } == section.data.points.value


def test_what_is_not_finite_is_refused(played):
    data = front_section(played).data
    value = data.points.value | {"error": (float("nan"),)}
    with pytest.raises(ValueError, match="JSON"):
        as_json(replace(data, points=replace(data.points, value=value)))


def test_the_script_cannot_end_its_element_and_asks_nobody(played):
    script = front_section(played).script
    assert "</script" not in script.lower()
    assert "<!--" not in script
    assert not [
        word for word in ("fetch(", "XMLHttpRequest", "import(", "innerHTML", "eval(") if word in script
    ]
    assert len(script.splitlines()) < 500


def test_there_is_a_picture_without_a_front_too(tmp_path):
    section = front_section(read_run(synthetic_run(tmp_path / "run", front=False)))
    assert base64.b64decode(section.picture).startswith(b"\x89PNG")
    assert [kind.name for kind in section.kinds] == ["dense", "trained", "over", "stopped", "predicted"]


def test_every_shape_has_an_icon(played):
    assert {kind.shape for kind in front_section(played).kinds} <= set(ICONS)
