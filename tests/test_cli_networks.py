"""Malformed networks through the real command line: exit 2, the token or entry, its law, what it got; no traceback."""

import json
import subprocess
import sys

import pytest

STUDY = """\
name: malformed
data: {{name: digits}}
network:
  {network}
space: {{sparsity: [0.5], granularity: [weight], weight_bits: [4], timesteps: [2]}}
device: {{profile: nrf52840, budgets: {{memory_bytes: 100000}}}}
search: {{candidates: 2}}
"""
NO_MAP = "must stand before the first fc or r layer: behind it is no map to"
# layers, and what must be said of them: each token with its law, all of them at once
STRINGS = {
    "": ["'' (token 1) is no layer"],
    "conv3": ["'conv3' (token 1) is no layer"],
    "16c": ["'16c' (token 1) is no layer"],
    "16c0": ["'16c0' (token 1) is no layer"],
    "-16c3": ["'' (token 1) is no layer"],
    "16c3--fc8": ["'' (token 2) is no layer"],
    "16c3_fc8": ["'16c3_fc8' (token 1) is no layer"],
    "16c3s": ["'16c3s' (token 1) is no layer"],
    "16c3x3x3": ["'16c3x3x3' (token 1) is no layer"],
    "dw3s": ["'dw3s' (token 1) is no layer"],
    "FC8": ["'FC8' (token 1) is no layer"],
    "fc8.5": ["'fc8.5' (token 1) is no layer"],
    "fc-8": ["'fc' (token 1) is no layer", "'8' (token 2) is no layer"],
    "16c2": ["'16c2' (token 1): the sides of a filter must be odd"],
    "16c3x4": ["'16c3x4' (token 1): the sides of a filter must be odd"],
    "8c3-p1": ["'p1' (token 2): a window must be larger than 1 x 1"],
    "8c3-gap-p2": ["'p2' (token 3) must not follow another pooling"],
    "fc8-dw3-p2": [f"'dw3' (token 2) {NO_MAP} filter", f"'p2' (token 3) {NO_MAP} pool"],
    "res(8c3": ["each '(' needs its ')'"],
    "res()-fc8": ["'' (token 2) is no layer"],
    "res(res(8c3))": ["'res(8c3)' (token 2): a block may not stand in a block"],
    "res(8c3-gap)": ["'gap' (token 3): a block ends in a layer with weights, a pooling stands behind it"],
    "fc70000": ["'fc70000' (token 1): a number may be 65536 at most"],
    "x-8c4-res(p1-fc0)": [
        "'x' (token 1) is no layer",
        "'8c4' (token 2): the sides of a filter must be odd",
        "'fc0' (token 5) is no layer",
        "'p1' (token 4): a window must be larger than 1 x 1",
    ],
}  # fmt: skip
END = "{from: a, to: readout, fc: true}"
START = "{from: input, to: a, fc: true, units: 8}"
CHAIN = (START, END)
# entries, and what must be said: the place in the list, the law, what it got or what to do
LISTS = [
    ([], "", "a list may not be empty"),
    ([*CHAIN, "{to: a, fc: true}"], ".2.from", "this key is required"),
    ([*CHAIN, "{from: a, to: a}"], ".2", "conv, depthwise, fc, identity must be given; got none of them"),
    ([START, "{from: a, to: readout, fc: true, conv: 3}"], ".1", "must be given; got conv and fc"),
    ([START, "{from: a, to: readout, fc: 1}"], ".1.fc", "must be a valid boolean; got 1"),
    ([START, "{from: a, to: readout, fc: false}"], ".1.fc", "it must be true, or left out; got false"),
    ([*CHAIN, "{from: a, to: b c, fc: true}"], ".2.to", "a population's name must be letters, digits and _"),
    (["{from: input, to: a, conv: 4, channels: 2}", END], ".0.conv", "the sides of a filter must be odd; got 4"),
    (["{from: input, to: a, conv: [3], channels: 2}", END], ".0.conv", "sides must be a number, or a list of two"),
    (["{from: input, to: a, depthwise: 3.0}", END], ".0.depthwise", "must be a number, or a list of two"),
    (["{from: input, to: a, conv: 3, channels: 0}", END], ".0.channels", "must lie in 1 .. 65536; got 0"),
    (["{from: input, to: a, fc: true, units: 4, channels: 4}", END], ".0.units", "two words for one number"),
    (["{from: input, to: a, fc: true, units: 4, stride: 2}", END], ".0.stride", "fc has no filter that could stride"),
    (["{from: input, to: a, fc: true, units: 4, pool: all}", END], ".0.pool", "a window must be a number, a list"),
    (["{from: input, to: a, fc: true, units: 4, pools: 2}", END], ".0.pools", "did you mean 'pool'?"),
    ([*CHAIN, "{from: a, to: a, fc: true, delay: 2}"], ".2.delay", "must be 0 or 1; got 2"),
    ([*CHAIN, "{from: a, to: a, fc: true}"], ".2", "may form no circle; got a -> a (set delay: 1"),
    ([*CHAIN, "{from: b, to: a, fc: true}"], ".2", "what is read must be the input or a population"),
    ([*CHAIN, "{from: a, to: b, fc: true, units: 4}"], ".2", "spikes of 'b' must come to the readout"),
    ([*CHAIN, "{from: readout, to: a, fc: true, delay: 1}"], ".2", "nothing may read the readout"),
    ([*CHAIN, "{from: a, to: input, fc: true, delay: 1}"], ".2", "nothing may enter the input"),
    ([*CHAIN, "{from: a, to: readout, depthwise: 1}"], ".2", "the readout must be entered by fc; got depthwise"),
    ([*CHAIN, "{from: a, to: a, fc: true, units: 9, delay: 1}"], ".2", "are said once, or agree; got 9, and 8"),
    ([*CHAIN, "{from: input, to: readout, fc: true, delay: 1}"], ".2", "the input is read without delay"),
    (["{from: input, to: a, fc: true}", END], ".0", "must say how many channels, or units, 'a' has"),
    ([START], "", "an entry must enter the readout"),
    ([*CHAIN, START], ".2", "an entry may stand only once"),
    (["{from: input, to: a, identity: true}", END], ".0", "has no weights to prune"),
]  # fmt: skip
RUN = """\
import contextlib, io, json, sys
from hwsearch.cli import main
for path in sys.argv[1:]:
    sys.argv, told, code = ["hwsearch", "run", path], io.StringIO(), None
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(io.StringIO()):
        try:
            main()
        except SystemExit as done:
            code = done.code
    print(json.dumps([code, told.getvalue()]))
"""


def run_each(folder, networks):
    """Exit code and error lines of ``hwsearch run`` on each network, in one process."""
    paths = [folder / f"{i}.yaml" for i in range(len(networks))]
    for path, network in zip(paths, networks, strict=True):
        path.write_text(STUDY.format(network=network))
    done = subprocess.run(
        [sys.executable, "-c", RUN, *paths], capture_output=True, text=True, check=True, cwd=folder
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return [
        (code, told.replace(f"{path}:", "").splitlines())
        for (code, told), path in zip(answers, paths, strict=True)
    ]


@pytest.fixture(scope="module")
def of_strings(tmp_path_factory):
    texts = [f"layers: {json.dumps(text)}" for text in STRINGS]
    return dict(zip(STRINGS, run_each(tmp_path_factory.mktemp("strings"), texts), strict=True))


@pytest.fixture(scope="module")
def of_lists(tmp_path_factory):
    texts = [
        "connections:" + ("".join(f"\n    - {entry}" for entry in entries) or " []")
        for entries, _, _ in LISTS
    ]
    return run_each(tmp_path_factory.mktemp("lists"), texts)


@pytest.mark.parametrize("text", STRINGS, ids=lambda text: text[:20])
def test_malformed_strings(of_strings, text):
    code, lines = of_strings[text]
    assert code == 2
    (line,) = lines
    assert line.startswith("error: 4: network.layers: ")
    law, _, rest = line.partition("; got ")
    assert set(law.removeprefix("error: 4: network.layers: ").split("; ")) == set(STRINGS[text])
    assert rest.startswith(json.dumps(text))
    assert "(layers are <n>c<k> (conv" in rest


@pytest.mark.parametrize("number", range(len(LISTS)))
def test_malformed_lists(of_lists, number):
    _, place, words = LISTS[number]
    code, lines = of_lists[number]
    assert code == 2
    # an entry stands on the line of its number
    line = 4 if place == "" else 5 + int(place.split(".")[1])
    assert [
        told
        for told in lines
        if told.startswith(f"error: {line}: network.connections{place}: ") and words in told
    ]
    assert all(told.startswith("error: ") and "network.connections" in told for told in lines)
    assert len(lines) == 1


def test_a_network_is_said_once(tmp_path):
    both = f"layers: fc8\n  connections: [{START}, {END}]"
    answers = run_each(tmp_path, [both, "neuron: lif"])
    assert [code for code, _ in answers] == [2, 2]
    laws = [
        "exactly one of layers, connections and nir must be given; got layers and connections",
        "must be given; got none",
    ]
    for (_, lines), law in zip(answers, laws, strict=True):
        assert len(lines) == 1
        assert law in lines[0]


def test_all_faults_of_a_list_at_once(tmp_path):
    entries = [
        START, "{from: a, to: a, fc: true}", "{from: b, to: c, fc: true, units: 8}",
        "{from: c, to: readout, identity: true}",
    ]  # fmt: skip
    ((code, lines),) = run_each(tmp_path, ["connections:" + "".join(f"\n    - {entry}" for entry in entries)])
    assert code == 2
    assert [line.split(": ")[2] for line in lines] == [
        f"network.connections.{i}" for i in (0, 1, 2, 3)
    ]  # fmt: skip


@pytest.mark.slow
def test_what_does_not_go_together_with_the_data(tmp_path):
    first = "connections:\n    - {from: input, to: a, conv: 3, channels: 4, stride: 2}"
    last = "\n    - {from: a, to: readout, fc: true}"
    gone, second = "leaves nothing of a map of", "network.connections.1:"
    wrong = {
        "layers: p9-8c3-p4-8c3-p3": (
            4, f"network.layers: 'p9' (token 1): pooling by 9 x 9 {gone} 8 x 8; 'p3' (token 5): pooling by 3 x 3 "
            f"{gone} 2 x 2; got p9-8c3-p4-8c3-p3"),
        "layers: res(8c3s5-p3-8c3)": (
            4, f"network.layers: 'p3' (token 3): pooling by 3 x 3 {gone} 2 x 2; got res("),
        f"{first}\n    - {{from: input, to: a, conv: 1}}{last}": (
            6, f"{second} input -> a: all that enters 'a' must give maps of one size; got 8 x 8, and 4 x 4 of input "
            "-> a (change"),
        f"{first}\n    - {{from: input, to: a, identity: true, stride: 2}}{last}": (
            6, f"{second} input -> a: identity gives as many channels as it reads, 1; got 4 of 'a' (use"),
        f"{first}\n    - {{from: a, to: readout, fc: true, pool: [1, 5]}}": (
            6, f"{second} a -> readout: pooling by 1 x 5 {gone} 4 x 4; got pool 1x5 (use"),
        f"{first}\n    - {{from: a, to: readout, fc: true, units: 7}}": (
            6, f"{second} a -> readout: the readout has a channel for each of the 10 classes; got 7 (leave"),
    }  # fmt: skip
    for (code, lines), (line, told) in zip(run_each(tmp_path, list(wrong)), wrong.values(), strict=True):
        assert code == 2
        assert lines[-1].startswith(f"error: {line}: {told}")
        assert not any("Traceback" in text for text in lines)
