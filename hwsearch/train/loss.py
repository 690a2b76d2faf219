"""The loss of a stack: each candidate's cross-entropy of what its readout says."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from hwsearch.native.library import library


def cross_entropy(out: Tensor, target: Tensor, gain: float) -> Tensor:
    """Return the mean cross-entropy of softmax(gain * out) of each candidate, [K].

    Args:
        out: [K, B, classes], or [K, B, T, classes] where a prediction is made after every timestep.
        target: [B] int64, or [B, T].
        gain: Factor on the current.
    """
    if out.dim() == 4:
        every = target if target.dim() == 2 else target.unsqueeze(1)
        target, out = every.expand(out.shape[1:3]).flatten(), out.flatten(1, 2)
    if out.device.type == "cpu" and out.dtype == torch.float32 and library() is not None:
        losses: Tensor = _Native.apply(out.contiguous(), target, gain)  # type: ignore[no-untyped-call]
        return losses
    size, batch, _ = out.shape
    losses_of_each = F.cross_entropy(out.flatten(0, 1) * gain, target.repeat(size), reduction="none")
    return losses_of_each.view(size, batch).mean(1)


class _Native(torch.autograd.Function):
    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, out: Tensor, target: Tensor, gain: float) -> Tensor:
        loops = library()
        assert loops is not None
        target = target.contiguous()
        losses, grad = out.new_empty(len(out)), torch.empty_like(out)
        pointers = [tensor.data_ptr() for tensor in (out, target, losses, grad)]
        loops.cross_entropy(*pointers, *out.shape, gain)
        ctx.save_for_backward(grad)
        return losses

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: Tensor) -> tuple[Tensor, None, None]:
        (grad,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return grad * grads[0].view(-1, 1, 1), None, None
