"""What a notebook shows of a run: its answer, escaped, with the picture in it."""

import base64
import re
from dataclasses import replace

from builders.runs import synthetic_run, with_summary

from hwsearch.report.answer import headline
from hwsearch.report.notebook import notebook_html
from hwsearch.report.tables import read_run


def text_of(html):
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", html))


def test_the_answer_the_front_and_the_next_step(tmp_path):
    folder = synthetic_run(tmp_path)
    (folder / "front.png").write_bytes(b"a picture")
    tables = read_run(folder)
    html = notebook_html(tables)
    assert headline(tables) in text_of(html)
    assert base64.b64encode(b"a picture").decode() in html
    assert html.count("<tr") == 1 + len(tables.front)
    assert html.count('<tr style="font-weight: bold"') == 1
    (picked,) = re.findall(r'<tr style="font-weight: bold"><td>(\d+)</td>', html)
    assert int(picked) == tables.summary.pick.trial
    assert "result.export(to=" in html
    assert "<script" not in html


def test_names_are_text_and_no_pick_is_not_exported(tmp_path):
    tables = read_run(with_summary(synthetic_run(tmp_path), study="<b>mine</b>"))
    html = notebook_html(replace(tables, summary=tables.summary.model_copy(update={"pick": None})))
    assert "&lt;b&gt;mine&lt;/b&gt;" in html
    assert "<img" not in html
    assert "export" not in html
    assert "result.report()" in html
