"""The loss of a stack: each candidate's cross-entropy of what its readout says, and what each class weighs in it."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from hwsearch.native.library import library


def balanced_weights(labels: np.ndarray, classes: int) -> Tensor:
    """Return the weight of each class under which all have the same say, [classes]: N / (classes n_c), 1 in the mean.

    Args:
        labels: Of the training samples, [N], or [N, T]: each timestep counts.
        classes: Number of classes; one without a sample weighs nothing.

    Source: King and Zeng 2001, Political Analysis 9(2), weighted maximum likelihood; scikit-learn's ``balanced``.
    """
    counts = np.bincount(labels.reshape(-1), minlength=classes)
    weights = np.divide(labels.size, classes * counts, out=np.zeros(classes), where=counts > 0)
    return torch.from_numpy(weights.astype(np.float32))


def cross_entropy(out: Tensor, target: Tensor, gain: float, weights: Tensor | None = None) -> Tensor:
    """Return the mean cross-entropy of softmax(gain * out) of each candidate, [K]: mean over B of w_target ce.

    It is divided by B, not by the weights of a batch: else a sample's say would hang on which others are in its batch.

    Args:
        out: [K, B, classes], or [K, B, T, classes] where a prediction is made after every timestep.
        target: [B] int64, or [B, T].
        gain: Factor on the current.
        weights: [classes] float32, of each class; None: 1 each.
    """
    if out.dim() == 4:
        every = target if target.dim() == 2 else target.unsqueeze(1)
        target, out = every.expand(out.shape[1:3]).flatten(), out.flatten(1, 2)
    if out.device.type == "cpu" and out.dtype == torch.float32 and library() is not None:
        losses: Tensor = _Native.apply(out.contiguous(), target, gain, weights)  # type: ignore[no-untyped-call]
        return losses
    size, batch, _ = out.shape
    losses_of_each = F.cross_entropy(
        out.flatten(0, 1) * gain, target.repeat(size), weight=weights, reduction="none"
    )
    return losses_of_each.view(size, batch).mean(1)


class _Native(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx,
        out: Tensor,
        target: Tensor,
        gain: float,
        weights: Tensor | None,
    ) -> Tensor:
        loops = library()
        assert loops is not None
        target = target.contiguous()
        losses, grad = out.new_empty(len(out)), torch.empty_like(out)
        each = None if weights is None else weights.contiguous().data_ptr()
        pointers = [out.data_ptr(), target.data_ptr(), each, losses.data_ptr(), grad.data_ptr()]
        loops.cross_entropy(*pointers, *out.shape, gain)
        ctx.save_for_backward(grad)
        return losses

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        (grad,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return grad * grads[0].view(-1, 1, 1), None, None, None
