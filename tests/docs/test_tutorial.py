"""The tutorial does what it says, block by block, in an empty folder."""

import json
import shutil

import pytest
from docs.follow import ROOT, blocks, follow

PAGE = ROOT / "docs" / "tutorial.md"


def test_its_blocks_are_installed_run_or_written():
    assert {language for language, _, _ in blocks(PAGE)} == {"bash", "sh", "python"}


@pytest.mark.slow
def test_the_tutorial(tmp_path):
    printed = follow("tutorial.md", tmp_path)
    lines = [line for language, _, text in blocks(PAGE) if language == "sh" for line in text.splitlines()]
    commands = [line for line in lines if line.startswith("hwsearch")]
    # one print for each line, and one of the script, which prints nothing
    assert len(printed) == len(commands) + 1
    said = dict(zip(commands, [text for text in printed if text], strict=True))
    digits = json.loads((tmp_path / "runs" / "digits_mcu" / "summary.json").read_text())
    assert digits["dense"]["accuracy_test"] > 0.9
    assert (tmp_path / "runs" / "digits_mcu" / "front.png").stat().st_size > 10_000
    assert (tmp_path / "runs" / "digits_mcu" / "report.html").exists()
    for line, text in said.items():
        if line.startswith("hwsearch verify"):
            assert "FAIL" not in text
    if shutil.which("qemu-system-arm") and shutil.which("arm-none-eabi-gcc"):
        assert "instructions" in said["hwsearch verify model --board microbit"]
    line = json.loads((tmp_path / "runs" / "line" / "summary.json").read_text())
    assert line["dense"]["accuracy_test"] > 0.8  # of three states
