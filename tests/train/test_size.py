"""The size of a stack: the arithmetic of its memory by hand and against what a process really took; the measurement."""

import subprocess
import sys

import pytest
from builders import graphs

from hwsearch.train import size

MEGABYTE = 1_000_000


def spec(topology, side=8, norm=True):
    return graphs.spec(topology, (1, side, side), 10, norm=norm)


def test_bytes_by_hand():
    # batch 2, T 3: potentials 2*3*5 = 30 and as many spikes, static currents 2*5 twice; 3 * 30 on their way;
    # weights 64*5 + 5*10 = 370, seven times
    assert size.stack_bytes(spec("fc5"), 3, 2) == 4 * (30 + 30 + 20 + 90 + 7 * 370)
    # conv 8x8x4 = 256 neurons: 1536 potentials, 384 pooled, 512 currents kept once, no norm
    conv = spec("4c3-p2", norm=False)
    assert size.stack_bytes(conv, 3, 2) == 4 * (1536 + 384 + 512 + 3 * 1536 + 7 * (36 + 64 * 10))


def test_bytes_of_a_recurrent_population_by_hand():
    # batch 2, T 3: 30 potentials, as many spikes and currents, twice 30 for membranes; 3 * 30 on their way
    own = graphs.spec("r5", (1, 2, 2), 10, frames=3)
    assert size.stack_bytes(own, 3, 2) == 4 * (30 + 30 + 30 + 60 + 90 + 7 * (4 * 5 + 25 + 50))


def test_what_is_read_pooled_and_whole_is_kept_twice():
    # 64 * 2 = 128 neurons, 768 potentials at batch 2 and T 3; the block reads them pooled to a quarter,
    # and joins, so 5 * 768 are on their way
    own = spec("2c3-p2-res(2c3)", norm=False)
    whole, quarter = 768, 192
    stored = whole + quarter + 256 + 3 * quarter
    assert size.stack_bytes(own, 3, 2) == 4 * (stored + 5 * whole + 7 * (18 + 36 + 2 + 320))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("topology", "side", "n"),
    [
        ("16c3-p2-32c3-p2-fc128", 28, 6),
        ("fc256-fc256", 28, 24),
        ("16c3s2-res(16c3-16c3)-res(32c3s2-32c3)-gap", 28, 6),
        ("16c3s2-dw3-32c1-dw3s2-64c1-gap", 28, 8),
        ("r256-r256", 28, 16),
    ],
)
def test_bytes_against_a_process(topology, side, n):
    code = (
        "import sys; sys.path[:0] = ['tests', 'tests/train']\n"
        "from test_size import spec; from hwsearch.train.size import _step_seconds\n"
        "from hwsearch.train.machine import tune_process; tune_process()\n"
        "status = lambda: dict(line.split(':') for line in open('/proc/self/status'))\n"
        "peak = lambda: int(status()['VmHWM'].split()[0]) * 1024\n"  # getrusage's would be the parent's
        f"own = spec({topology!r}, {side}); _step_seconds(own, 4, 64, 1, 'fused'); before = peak()\n"
        f"_step_seconds(own, 4, 64, {n}, 'fused'); print(peak() - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    predicted = n * size.stack_bytes(spec(topology, side), 4, 64)
    # holes of the heap, which come and go, are on top of what is told
    assert 0.4 * predicted < int(done.stdout) < 1.6 * predicted, f"{int(done.stdout):,} of {predicted:,}"


def test_what_fits(monkeypatch):
    own = spec("fc128-fc128")
    each = size.stack_bytes(own, 4, 64)
    monkeypatch.setattr(size, "available_bytes", lambda: 40 * each)
    assert size.fitting(own, 4, 64, 2) == 10
    assert size.fitting(own, 4, 64, 100) == 1
    monkeypatch.setattr(size, "available_bytes", lambda: 10**15)
    assert size.fitting(own, 4, 64, 2) == 400 * MEGABYTE // each


def test_the_least_time_per_candidate_is_chosen(monkeypatch):
    def chosen(seconds, most=32):
        monkeypatch.setattr(size, "_step_seconds", lambda *args: seconds[args[3]])
        return size.fastest(spec("fc5"), 4, 64, most)

    assert chosen({1: 0.010, 2: 0.012, 4: 0.020, 8: 0.041, 16: 0.083, 32: 0.170}) == 4
    assert chosen({1: 0.010, 2: 0.012, 4: 0.020, 8: 0.041}, most=2) == 2
    assert chosen({1: 0.010, 2: 0.0199, 4: 0.043}) == 1  # 0.5 % is no gain
    assert chosen({1: 0.9}) == 1  # one step takes so long that no more is tried


def test_measures_on_this_machine():
    assert size.fastest(spec("fc16"), 2, 16, 4) in (1, 2, 4)
