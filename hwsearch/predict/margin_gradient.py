"""Estimator E2, margin gradients: how far noise of each layer's weights moves the dense margins, to first order.

With gamma_n the lead of the dense network's first class on input n and G_n,l the squared length of its gradient by the
weights of layer l (through the surrogate gradient, which is what the mean of a spike's step is), independent changes of
mean square sigma_l^2 a weight move it by::

    Var(d gamma_n) = sum_l sigma_l^2 G_n,l            A = mean_n Phi(gamma_n / sqrt(Var(d gamma_n)))

A change keeps the share rho = <w', w> / <w, w> of a layer's signal, and normalisation scales it back; the rest is
noise of mean square sigma^2 = <w', w'> / rho^2 - <w, w>. Changes that pruning by magnitude makes are not independent of
the gradient, so A is too high: `similarity` corrects it.

Source: own derivation for spiking networks; margins under additive weight noise as in Zhou et al. 2018.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import ndtr

from hwsearch.graph.graph import NetworkSpec
from hwsearch.network.params import Params, Ticket
from hwsearch.network.stack import Stack
from hwsearch.predict.joint import Joint, LayerTables, differ
from hwsearch.predict.layer_sensitivity import EstimatorScope, layer_sensitivity
from hwsearch.tickets.fit import dense_masks
from hwsearch.train.inputs import as_input

_AT_A_TIME = 16  # inputs whose gradients are taken together
_CHUNK = 4096  # candidates
_LEAST_SIGNAL = 0.03


@dataclass(frozen=True, eq=False)
class MarginGradient:
    """The estimator.

    Attributes:
        margins: [B] leads of the dense network's first class; with labels a timestep, of each of them.
        gradients: [L, B] squared lengths G of their gradients.
        changes: sigma^2 of each layer's weights: tables of numbers.
        eval_steps: Samples times timesteps, forward and (counted twice) backward.
    """

    margins: np.ndarray
    gradients: np.ndarray
    changes: LayerTables
    eval_steps: int

    @property
    def granularities(self) -> tuple[str, ...]:
        """Those that it can tell of, in order."""
        return tuple(sorted(self.changes.pruned))

    def expected(self, joint: Joint) -> np.ndarray:
        """Return [N]: the agreement A, not calibrated."""
        return self._agreement(self._sizes(joint))

    def alike(self, first: Joint, second: Joint) -> np.ndarray:
        """Return [N] probabilities that two candidates predict the same; layers that both treat alike cancel."""
        return self._agreement((self._sizes(first) + self._sizes(second)) * differ(first, second))

    def _sizes(self, joint: Joint) -> np.ndarray:
        """Return sigma^2 [N, L]."""
        return np.stack([self.changes.both(joint, layer) for layer in range(joint.sparsity.shape[1])], 1)

    def _agreement(self, sizes: np.ndarray) -> np.ndarray:
        parts = [sizes[i : i + _CHUNK] @ self.gradients for i in range(0, len(sizes), _CHUNK)]
        return np.concatenate(
            [ndtr(self.margins / np.sqrt(np.maximum(part, 1e-12))).mean(1) for part in parts]
        )


def margin_gradient(spec: NetworkSpec, dense: Params, x: np.ndarray, scope: EstimatorScope) -> MarginGradient:
    """Take the gradients of the dense network's margins on inputs x [B, C, H, W]."""
    ticket = Ticket(dense, dense_masks(dense), (scope.reference_bits,) * len(dense.weights))
    inputs = as_input(x, spec.input, scope.timesteps)
    margins, gradients, pushed = [], [], 0
    for first in range(0, len(inputs), _AT_A_TIME):
        batch = inputs[first : first + _AT_A_TIME]
        # a copy of the network for each input: the k-th copy's gradient is that of the k-th input
        stack = Stack(spec, [ticket] * len(batch)).eval()
        logits = stack(batch, scope.timesteps)[range(len(batch)), range(len(batch))]
        prunable = [stack.weights[i] for i in spec.prunable]
        # where labels are a timestep's, each of its predictions has a margin
        answers = [logits] if logits.dim() == 2 else list(logits.unbind(1))
        for answer in answers:
            best = answer.topk(2, dim=1).values
            lead = best[:, 0] - best[:, 1]
            slopes = torch.autograd.grad(lead.sum(), prunable, retain_graph=answer is not answers[-1])
            margins.append(lead.detach().numpy())
            gradients.append(np.stack([slope.flatten(1).square().sum(1).numpy() for slope in slopes]))
        pushed += (1 + 2 * len(answers)) * len(batch) ** 2 * scope.timesteps
    changes = layer_sensitivity(
        spec, dense, scope, lambda place, changed: np.array(_noise(dense.weights[place], changed))
    )
    return MarginGradient(np.concatenate(margins), np.concatenate(gradients, 1), changes, pushed)


def _noise(weight: np.ndarray, changed: np.ndarray) -> float:
    """Return sigma^2 of weights that were changed and then scaled back to the signal that they had."""
    power = float((weight.astype(float) ** 2).mean())
    share = max(float((weight * changed).mean()) / power, _LEAST_SIGNAL)
    return max(float((changed**2).mean()) / share**2 - power, 0.0)
