"""What training a per-layer mix would give: a model fitted on the table, as the truth of the worlds with knobs a layer.

The mean of boosted trees and of small perceptrons over what a cut leaves of each layer and its bits, for every rung, of

    y = -log(1.01 - accuracy)    and    log(bytes after training / bytes foretold)

It is no Gaussian process over knobs and knows nothing of similarity, so that no contestant's surrogate is the world's
own. Together the halves foretell unseen mixes better than either (`cross_validate`). Fitted on all trainings at the
longest T: mixes, and the grid's cells by what their cut leaves of each layer.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GroupKFold
from sklearn.neural_network import MLPRegressor

from benchmarks.replay.mixes import cut_networks, effective
from hwsearch.search.stages.context import Context

RUNGS = ("val_1", "val_4", "val_16")
EARLY_RUNGS = ("early_1", "early_4")  # the first two at fewer timesteps
HIDDEN, DECAY, NETS, ITERATIONS = (32, 32), 2.0, 5, 400
GOOD = 0.85  # accuracy from which a training is told apart in the figures of fit


@dataclass(frozen=True, eq=False)
class Trainings:
    """Rows of the table at the longest T.

    Attributes:
        inputs: [R, D] what the model sees.
        outputs: [R, rungs + 1] y of each rung, and the log ratio of bytes.
        early: [R, early rungs + 1] likewise.
        cell: [R] names the candidate.
        is_mix: [R] whether it is a mix.
    """

    inputs: np.ndarray
    outputs: np.ndarray
    early: np.ndarray
    cell: np.ndarray
    is_mix: np.ndarray


@dataclass(frozen=True, eq=False)
class Response:
    """A fitted model.

    Attributes:
        trees: One model an output.
        nets: The perceptrons, of standardised inputs and outputs.
        inputs, outputs: [2, D] means and standard deviations.
    """

    trees: tuple[HistGradientBoostingRegressor, ...]
    nets: tuple[MLPRegressor, ...]
    inputs: np.ndarray
    outputs: np.ndarray

    def predict(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return accuracies [N, rungs] and the ratio of bytes after training to those foretold [N], at most 1."""
        scaled = (inputs - self.inputs[0]) / self.inputs[1]
        smooth = np.mean([net.predict(scaled) for net in self.nets], 0) * self.outputs[1] + self.outputs[0]
        own = (smooth + np.column_stack([tree.predict(inputs) for tree in self.trees])) / 2
        return accuracy_of(own[:, :-1]), np.exp(np.minimum(own[:, -1], 0.0))


def y_of(accuracy: np.ndarray) -> np.ndarray:
    """Return accuracies as the model and the noise see them."""
    own: np.ndarray = -np.log(1.01 - accuracy)
    return own


def accuracy_of(y: np.ndarray) -> np.ndarray:
    """Return what `y_of` was given."""
    return np.clip(1.01 - np.exp(-y), 0.0, 1.0)


def features(granularity: np.ndarray, bits: np.ndarray, kept: np.ndarray, channels: np.ndarray) -> np.ndarray:
    """Return what the model sees of candidates: [N, D].

    Args:
        granularity: [N, G] ones where it is theirs.
        bits: [N, L] of a weight.
        kept: [N, L] fraction of each layer's weights that are left.
        channels: [N, L] fraction of each layer's outputs that are left.
    """
    inputs = np.hstack([np.ones((len(channels), 1)), channels[:, :-1]])
    density = kept / (inputs * channels)
    columns = [kept, np.log(kept + 1e-3), np.log(channels), np.log(density + 1e-3)]
    columns += [1 / bits, np.log2(bits), bits == 1, bits == 2, granularity]
    return np.hstack([np.asarray(column, float) for column in columns])


def trainings(context: Context, table: pd.DataFrame) -> Trainings:
    """Return the table's trainings at the longest T as the model sees them, cut by the plan they were trained by."""
    space, n_layers = context.plan.space, len(context.plan.spec.prunable)
    rows = table[table["timesteps"] == context.plan.dense_timesteps]
    cut = cut_networks(context, list(_settings(rows)), space.weight_bits)
    bits = np.array([[int(b) for b in own.split("/")] * n_layers for own in rows["weight_bits"]], object)
    bits = np.array([own[:n_layers] for own in bits], float)
    granularity = rows["granularity"].to_numpy()[:, None] == np.array(space.granularity)
    ratio = np.log(rows["memory_bytes_measured"] / rows["memory_bytes"])
    return Trainings(
        features(granularity, bits, cut.kept, cut.channels),
        np.column_stack([y_of(rows[list(RUNGS)].to_numpy()), ratio]),
        np.column_stack([y_of(rows[list(EARLY_RUNGS)].to_numpy()), ratio]),
        rows["key"].str.rpartition("-")[0].to_numpy(),
        (rows["kind"] == "mix").to_numpy(),
    )


def fit(inputs: np.ndarray, outputs: np.ndarray) -> Response:
    """Fit the model to trainings."""
    scales = [np.stack([own.mean(0), own.std(0) + 1e-12]) for own in (inputs, outputs)]
    x, y = ((own - scale[0]) / scale[1] for own, scale in zip((inputs, outputs), scales, strict=True))
    nets = [
        MLPRegressor(
            hidden_layer_sizes=HIDDEN, activation="tanh", alpha=DECAY,
            solver="lbfgs", max_iter=ITERATIONS, random_state=seed,
        )
        for seed in range(NETS)
    ]  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the number of iterations is a setting
        return Response(
            tuple(_trees(inputs, own) for own in outputs.T), tuple(net.fit(x, y) for net in nets), *scales
        )


def _trees(inputs: np.ndarray, output: np.ndarray) -> HistGradientBoostingRegressor:
    trees = HistGradientBoostingRegressor(
        learning_rate=0.05, max_iter=200, max_leaf_nodes=8, min_samples_leaf=8, l2_regularization=1.0
    )
    return trees.fit(inputs, output)


def cross_validate(known: Trainings, folds: int = 5) -> pd.DataFrame:
    """Return how well unseen mixes are foretold, by rung: Spearman and RMSE of their mean accuracy over seeds."""
    foretold = np.full(known.outputs.shape, np.nan)
    for rest, fold in GroupKFold(folds).split(known.inputs, groups=known.cell):
        model = fit(known.inputs[rest], known.outputs[rest])
        accuracy, ratio = model.predict(known.inputs[fold])
        foretold[fold] = np.column_stack([accuracy, ratio])
    measured = np.column_stack([accuracy_of(known.outputs[:, :-1]), np.exp(known.outputs[:, -1])])
    both = pd.DataFrame(np.hstack([measured, foretold]))[known.is_mix].groupby(known.cell[known.is_mix])
    means = both.mean().to_numpy()
    n = len(RUNGS) + 1
    rows = []
    for index, name in enumerate((*RUNGS, "bytes ratio")):
        own, guess = means[:, index], means[:, n + index]
        parts = {"all": own > -1, f"over {GOOD}": own > GOOD} if index < n - 1 else {"all": own > -1}
        for part, which in parts.items():
            error = own[which] - guess[which]
            row = {"what": name, "mixes": part, "n": int(which.sum())}
            row |= {"spearman": spearmanr(own[which], guess[which])[0], "rmse": np.sqrt((error**2).mean())}
            rows.append(row)
    return pd.DataFrame(rows)


def _settings(rows: pd.DataFrame) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Yield how each row was cut: one sparsity ranks all layers together, one a layer each on its own."""
    for granularity, spelt in zip(rows["granularity"], rows["sparsity"], strict=True):
        sparsity = tuple(float(s) for s in spelt.split("/"))
        yield (granularity, sparsity) if len(sparsity) == 1 else effective(granularity, sparsity)
