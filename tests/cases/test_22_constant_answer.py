"""A network that answers one class to everything was handed over as being as accurate as the dense one."""

import gzip
import json
import struct

import numpy as np
import pandas as pd

import hwsearch

UNEVEN = {
    "data": "{name: mnist, root: data, input_bits: 2, equal_samples: spread}",
    "network": "{layers: fc16, batch_norm: true}",
    "space": "{sparsity: [0.0, 0.99], granularity: [weight], weight_bits: [4], timesteps: [4]}",
}


def write_uneven(folder):
    """Write MNIST's four files, 91 % of their images being of class 0: a square, at one of 25 places for each class."""
    (folder / "data/mnist").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for part, n in (("train", 1000), ("t10k", 500)):
        labels = np.repeat(np.arange(10), [n - 9 * n // 100] + [n // 100] * 9)
        rng.shuffle(labels)
        images = np.zeros((n, 28, 28), np.uint8)
        for image, label in zip(images, labels, strict=True):
            row, column = divmod(int(label), 4)
            y, x = 8 * row + 2 + rng.integers(-2, 3), 6 * column + 3 + rng.integers(-2, 3)
            image[y : y + 4, x : x + 4] = 200
        for kind, own in (("images-idx3", images), ("labels-idx1", labels.astype(np.uint8))):
            header = struct.pack(">BBBB", 0, 0, 8, own.ndim) + struct.pack(">" + "I" * own.ndim, *own.shape)
            path = folder / "data/mnist" / f"{part}-{kind}-ubyte.gz"
            path.write_bytes(gzip.compress(header + own.tobytes(), mtime=0))


def test_a_dense_reference_that_answers_the_largest_class_is_refused(case):
    write_uneven(case.folder)
    case.study(**UNEVEN)
    for _ in range(2):  # the same line again refuses again, without training anew
        done = case.hwsearch("run", "s.yaml", "--out", "run", "--workers", 1)
        assert done.returncode == 2
        assert "the dense reference is no model" in done.stderr
        assert "91.0% of which are class 0" in done.stderr
        assert "classes are uneven" in done.stderr
        assert "candidates" not in done.stdout  # nothing was searched
    assert not (case.folder / "run/front.csv").exists()


def test_trained_longer_the_classes_are_told_apart_and_recalls_are_shown(case):
    write_uneven(case.folder)
    train = "{dense_epochs: 40, epochs: 10, dense_learning_rate: 0.01, learning_rate: 0.01}"
    case.study(**UNEVEN | {"train": train})
    done = case.hwsearch("run", "s.yaml", "--out", "run", "--workers", 1)
    assert done.returncode == 0, done.stderr
    summary = json.loads((case.folder / "run/summary.json").read_text())
    assert (
        summary["classes"]["largest_class_share_val"]
        == summary["classes"]["largest_class_share_test"]
        == 0.91
    )
    assert summary["classes"]["test"] == [455] + [5] * 9
    front = pd.read_csv(case.folder / "run/front.csv")
    assert (front["accuracy_val_own"] > 0.91).all()
    recalls = [float(own) for own in summary["pick"]["recalls_test"].split("/")]
    assert len(recalls) == 10
    assert max(recalls[1:]) > 0  # more than one class is ever answered
    assert f"recognised in {min(recalls):.1%} of its test samples" in done.stdout
    assert "Which classes it recognises" in (case.folder / "run/report.html").read_text()


def test_a_dense_reference_in_which_nothing_fires_is_refused(case):
    case.study(network="{layers: fc32-fc32, threshold: 8.0}")
    done = case.hwsearch("run", "s.yaml", "--out", "run", "--workers", 1)
    assert done.returncode == 2
    assert "the dense reference is no model" in done.stderr
    assert "no neuron of fc2 fires" in done.stderr
    assert "network.threshold" in done.stderr


def test_candidates_in_which_nothing_fires_are_on_no_front_and_never_handed_over(case):
    space = "{{sparsity: [{}], granularity: [weight], weight_bits: [1], timesteps: [4]}}"
    train = "{dense_epochs: 10, epochs: 1, dense_learning_rate: 0.01, learning_rate: 0.0001}"
    case.study(space=space.format("0.5, 0.99"), train=train, pick="{within: 0.9}")
    done = case.hwsearch("run", "s.yaml", "--out", "run", "--workers", 1)
    assert done.returncode == 0, done.stderr
    front, trials = (pd.read_csv(case.folder / "run" / name) for name in ("front.csv", "trials.csv"))
    assert front["sparsity"].tolist() == [0.5]
    none = trials[(trials["sparsity"] == 0.99) & (trials["outcome"] == "trained")]
    assert none["reason"].str.contains("no neuron of fc1 fires").all()
    assert "largest class: 1 of those trained" in done.stdout
    named = case.hwsearch("export", "run", "--to", "model", "--trial", none["trial"].iloc[0])
    assert f"warning: trial {none['trial'].iloc[0]} is no model: no better than" in named.stdout
    elsewhere = hwsearch.load_run(case.folder / "run").front_on("generic_45nm")
    assert elsewhere.front["sparsity"].tolist() == [0.5]
    assert any("always answering the largest class" in one.reason for one in elsewhere.left_out)

    case.study("none.yaml", space=space.format("0.99"), train=train)
    done = case.hwsearch("run", "none.yaml", "--out", "none", "--workers", 1)
    assert done.returncode == 1
    assert "none is a model" in done.stderr
    assert (
        "nothing to hand over"
        in json.loads((case.folder / "none/summary.json").read_text())["nearest_miss"].lower()
    )
