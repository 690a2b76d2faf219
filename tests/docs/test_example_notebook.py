"""The example notebook, cell by cell: what a cell's last line is, a notebook shows."""

import ast
import os

import pytest
from docs.follow import ROOT

NOTEBOOK = ROOT / "docs" / "example_notebook.py"


def cells():
    """Return the code of each cell that is none of Markdown."""
    parts = NOTEBOOK.read_text(encoding="utf-8").split("# %%")[1:]
    return [part for part in parts if not part.startswith(" [markdown]")]


def show(code, names):
    """Run a cell as a notebook does, and return the value of its last line; None where that is no expression."""
    body = ast.parse(code).body
    last = body.pop() if isinstance(body[-1], ast.Expr) else None
    exec(compile(ast.Module(body, []), str(NOTEBOOK), "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), str(NOTEBOOK), "eval"), names)


def test_every_cell_of_text_is_a_comment():
    lines = NOTEBOOK.read_text(encoding="utf-8").split("# %% [markdown]\n")[1:]
    for text in lines:
        told = text.split("\n\n# %%\n")[0]
        assert all(line.startswith("#") for line in told.splitlines()), told


@pytest.mark.slow
def test_every_cell_runs_and_shows_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    names = {}
    shown = [show(code, names) for code in cells()]
    said = capsys.readouterr().out
    result = names["result"]
    assert result in shown
    page = result._repr_html_()
    assert "data:image/png;base64," in page
    assert "result.export(to=" in page
    assert result.dense["accuracy_test"] > 0.85
    assert {type(each).__name__ for each in shown if each is not None} == {
        "Result", "DataFrame", "Figure", "Series",
    }  # fmt: skip
    assert (tmp_path / "model" / "c").is_dir()
    assert "ok   " in said
    assert "FAIL" not in said
    assert names["checked"].returncode == 0
