"""A report claims that the device computes as measured only where the device's profile says so."""

import json

import pytest
from ruamel.yaml import YAML

WORDS = """neurons:
  models: [lif, if]
  reset: [zero, subtract]
  comparison: {value: COMPARISON, grade: estimated, source: MADE}
  leak: {value: LEAK, grade: estimated, source: MADE}
  firing: {value: once, grade: estimated, source: MADE}
"""
PLAIN = "neurons: {models: [lif, if], reset: [zero, subtract]}\n"


@pytest.mark.parametrize(
    ("comparison", "leak", "as_device", "said"),
    [
        ('">="', "floor", True, "By its profile dev computes as the integer model does"),
        ('">"', "floor", True, "give it each threshold less 1"),
        (
            '">"',
            "toward_zero",
            False,
            "dev does not compute as the integer model does: its leak is rounded towards",
        ),
        (
            None,
            None,
            None,
            "On dev it is not known whether a neuron fires at v >= threshold or at v > threshold",
        ),
    ],
)
def test_the_claim_follows_the_profile(case, comparison, leak, as_device, said):
    device = case.folder / "dev.yaml"
    text = device.read_text()
    assert PLAIN in text
    if comparison:
        words = WORDS.replace("COMPARISON", comparison).replace("LEAK", leak)
        device.write_text(text.replace(PLAIN, words))
    case.study(search="{candidates: 1, batch: 1, rungs: false, foresee: false}")
    done = case.hwsearch("run", "s.yaml", "--out", "run", "--workers", 1)
    assert done.returncode == 0, done.stderr
    arithmetic = json.loads((case.folder / "run" / "summary.json").read_text())["arithmetic"]
    assert arithmetic["as_device"] is as_device
    assert said in arithmetic["words"]
    assert (said in done.stdout) is (as_device is not True)
    page = (case.folder / "run" / "report.html").read_text()
    assert "network that the device runs" not in page
    assert said.replace(">", "&gt;") in page
    assert case.hwsearch("export", "run", "--to", "model").returncode == 0
    assert (
        YAML(typ="safe").load((case.folder / "model" / "config.yaml").read_text())["arithmetic"] == arithmetic
    )


def test_odin_says_how_it_compares_and_leaks(case):
    shown = " ".join(case.hwsearch("profiles", "show", "odin").stdout.split())
    assert "neurons.comparison = >= [toolchain; ODIN_RTL]" in shown
    assert "neurons.leak = constant [toolchain; ODIN_RTL]" in shown
    assert "odin does not compute as the integer model does: a neuron compares after each event" in shown
