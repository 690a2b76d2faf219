"""Networks of other frameworks through the real command line: malformed files, a run, an export that comes back."""

import json
import subprocess
import sys

import nir
import numpy as np
import pytest
from builders.nir_graphs import chain, conv, fc, graph, if_, lif, pool

STUDY = """\
name: given
data: {{name: digits}}
network: {network}
space: {{sparsity: [0, 0.5, 0.8], granularity: [weight], weight_bits: [4, 8], timesteps: [4]}}
device: {{profile: nrf52840, budgets: {{memory_bytes: 100000}}}}
train: {{dense_epochs: 8, epochs: 4, dense_learning_rate: 0.01, learning_rate: 0.01}}
search: {{candidates: 4, batch: 4}}
final: {{seeds: 1}}
pick: {{within: 0.5}}
"""


def digits(*nodes, **settings):
    """Return nodes between an image of 64 pixels and ten outputs."""
    return chain(*nodes, shape=[64], classes=10, **settings)


def cut(nodes, edges):
    return graph({"input": nir.Input(np.array([64])), **nodes, "output": nir.Output(np.array([10]))}, edges)


HIDDEN = {"a": fc(8, 64), "b": lif(8), "c": fc(10, 8)}
PATH = [("input", "a"), ("a", "b"), ("b", "c"), ("c", "output")]
NAN = np.full(8, np.nan)
# a graph, the node that is to blame, and its law
MALFORMED = {
    "negative threshold": (digits(fc(8, 64), lif(8, threshold=-1), fc(10, 8)), "b", "v_threshold must be above"),
    "several leaks": (digits(fc(3, 64), lif(3, [0.5, 0.06, 0.3]), fc(10, 3)), "b", "must be near one 2**-k"),
    "leak above one": (digits(fc(8, 64), lif(8, 3.0), fc(10, 8)), "b", "leak"),
    "no resistance": (digits(fc(8, 64), lif(8, gain=0.0), fc(10, 8)), "b", "r must not be 0"),
    "NaN": (digits(fc(8, 64, NAN), lif(8), fc(10, 8)), "a", "finite"),
    "infinite threshold": (digits(fc(8, 64), lif(8, threshold=np.inf), fc(10, 8)), "b", "finite"),
    "weights that do not fit": (digits(fc(8, 63), lif(8), fc(10, 8)), "a", "63"),
    "neurons that do not fit": (digits(fc(8, 64), lif(7), fc(10, 8)), "b", "7"),
    "even kernel": (digits(conv(2, 1, (2, 2), size=(8, 8)), lif(128), fc(10, 128)), "a", "odd"),
    "odd padding": (
        chain(
            conv(2, 1, padding=(2, 2), size=(8, 8)), lif((2, 10, 10)), nir.Flatten({"input": np.array([2, 10, 10])}),
            fc(10, 200), shape=[1, 8, 8], classes=10,
        ), "a", "padding",
    ),
    "dilation": (digits(conv(2, 1, dilation=(2, 2), size=(8, 8)), lif(128), fc(10, 128)), "a", "dilation"),
    "overlapping pool": (
        digits(pool(nir.AvgPool2d, (3, 3), (1, 1)), fc(8, 64), lif(8), fc(10, 8)), "a", "stride",
    ),
    "weights behind weights": (digits(fc(8, 64), fc(8, 8), lif(8), fc(10, 8)), "b", "behind"),
    "two inputs": (
        cut({**HIDDEN, "other": nir.Input(np.array([64]))}, [*PATH, ("other", "a")]), "other", "input",
    ),
    "two outputs": (
        cut({**HIDDEN, "other": nir.Output(np.array([10]))}, [*PATH, ("c", "other")]), "other", "output",
    ),
    "nothing leads in": (cut(HIDDEN, PATH[1:]), "a", "input"),
    "nothing leads out": (cut(HIDDEN, PATH[:-1]), "c", "output"),
    "a circle of weights": (cut(HIDDEN, [*PATH, ("c", "a")]), "a", "weights behind weights"),
    "an edge to nowhere": (cut(HIDDEN, [*PATH, ("b", "d")]), "d", "node"),
    "two classes": (chain(fc(8, 64), if_(8), fc(2, 8), shape=[64], classes=2), "network.nir", "10 classes"),
    "other pixels": (chain(fc(8, 9), if_(8), fc(10, 8), shape=[9], classes=10), "input", "shape"),
    "a synapse with memory": (
        digits(
            fc(8, 64),
            nir.CubaLIF(*(np.full(8, v) for v in (3e-4, 2e-4, 1.0, 0.0, 1.0))),
            fc(10, 8),
        ), "b", "syn",
    ),
}  # fmt: skip
BYTES = {"text": b"a network\n", "empty": b"", "cut short": b"\x89HDF\r\n\x1a\n" + bytes(60)}


STUDIES = [
    ("{nir: gone.nir}", "a NIR file must exist; got no file"),
    ("{nir: net.nir, layers: fc8}", "exactly one of layers, connections and nir must be given"),
    ("{nir: net.nir, leak_shift: 2}", "a NIR file says its leak_shift itself"),
    ("{nir: {file: net.nir, reset: none}}", "network.nir.reset"),
    ("{nir: {file: ''}}", "a NIR file must be the path"),
]
RUN = """
import contextlib, io, json, sys
from hwsearch import cli
for path in sys.argv[1:]:
    said, code = io.StringIO(), 0
    sys.argv = ["hwsearch", "run", path, "--out", path + ".out", "--workers", "1"]
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            cli.main()
        except SystemExit as end:
            code = end.code
    print(json.dumps([code, said.getvalue()]))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Exit code and words of ``hwsearch run`` on each file and study, in one process."""
    folder = tmp_path_factory.mktemp("networks")
    networks = {}
    for number, (name, (network, _, _)) in enumerate(MALFORMED.items()):
        nir.write(folder / f"{number}.nir", network)
        networks[name] = f"{{nir: {number}.nir}}"
    for name, content in BYTES.items():
        (folder / f"{name}.nir").write_bytes(content)
        networks[name] = f"{{nir: {name}.nir}}"
    networks |= {network: network for network, _ in STUDIES}
    paths = [folder / f"{number}.yaml" for number in range(len(networks))]
    for path, network in zip(paths, networks.values(), strict=True):
        path.write_text(STUDY.format(network=network))
    done = subprocess.run([sys.executable, "-c", RUN, *paths], capture_output=True, text=True, check=True)
    assert not list(folder.glob("*.out"))
    return dict(zip(networks, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_network_is_refused_by_its_node(answers, name):
    _, node, law = MALFORMED[name]
    code, said = answers[name]
    assert code == 2
    assert node in said
    assert law in said
    assert "Traceback" not in said


@pytest.mark.parametrize("name", BYTES)
def test_what_is_no_nir_file_is_refused(answers, name):
    code, said = answers[name]
    assert code == 2
    assert "a NIR file must be a whole HDF5 file" in said


@pytest.mark.parametrize(("network", "law"), STUDIES)
def test_a_study_says_a_file_and_not_what_is_in_it(answers, network, law):
    code, said = answers[network]
    assert code == 2
    assert law in said


def hwsearch(*args):
    command = [sys.executable, "-m", "hwsearch", *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_network_that_went_out_comes_in_and_is_searched_as_it_is(tmp_path):
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text(STUDY.format(network="{layers: fc24, leak_shift: 2}"))
    hwsearch("run", first, "--out", tmp_path / "first")
    exported = tmp_path / "export"
    hwsearch("export", tmp_path / "first", "--to", exported, "--format", "config,weights,nir")
    assert "NIR network" in hwsearch("verify", exported)
    second.write_text(STUDY.format(network="{nir: {file: export/network.nir, fine_tune: false}}"))
    hwsearch("run", second, "--out", tmp_path / "second")
    summary = json.loads((tmp_path / "second" / "summary.json").read_text())
    assert summary["dense"]["accuracy_val"] > 0.8
    (exported / "network.nir").unlink()  # the run folder keeps what it searched from
    hwsearch("export", tmp_path / "second", "--to", tmp_path / "again")
    hwsearch("verify", tmp_path / "again")
