"""The matrix products and convolutions of a stack, each candidate's as if it were alone.

On a CPU no candidate's numbers depend, in any bit, on who else is in the stack:

- batched matrix products come one after the other, but the kernel that is chosen depends on how a matrix lies in
  memory; matrices that are no multiple of 64 bytes are copied to where one alone would lie;
- a grouped convolution sums in another order than the convolutions it groups, so they run one by one.

On a GPU stacks are for filling the device: convolutions are grouped there, and sums may differ in their last bits.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_ALIGNED = 16  # floats in 64 bytes


def linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return x w^T + b of each candidate: x [K, rows, in], weight [K, out, in], bias [K, out] -> [K, rows, out]."""
    out: Tensor = _Linear.apply(x, weight, bias)  # type: ignore[no-untyped-call]
    return out


def convolution(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return each candidate's convolution (same padding): weight [K, out, in, k, k], bias [K, out].

    Args:
        x: [K, frames, in, H, W], or [frames, in, H, W] that all candidates see.
        weight: See above.
        bias: See above.

    Returns:
        [K, frames, out, H, W].
    """
    if x.device.type != "cpu":
        return _grouped(x, weight, bias)
    out: Tensor = _Convolution.apply(x, weight, bias)  # type: ignore[no-untyped-call]
    return out


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _product(x, weight.transpose(1, 2), bias.unsqueeze(1))

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors  # type: ignore[attr-defined]
        grad = grads[0].contiguous()
        dx = _product(grad, weight) if ctx.needs_input_grad[0] else None  # type: ignore[attr-defined]
        return dx, _product(grad.transpose(1, 2), x), grad.sum(1)


def _product(a: Tensor, b: Tensor, start: Tensor | None = None) -> Tensor:
    """Return start + a b of each candidate: a [K, M, N], b [K, N, P], start [K, 1, P]."""
    items = (a[0].numel(), b[0].numel(), a.shape[1] * b.shape[2])
    if a.device.type == "cpu" and len(a) > 1 and any(n % _ALIGNED for n in items):
        rows = range(len(a))
        starts = [None if start is None else start[k : k + 1] for k in rows]
        return torch.cat([_product(a[k : k + 1].clone(), b[k : k + 1].clone(), starts[k]) for k in rows])
    return torch.bmm(a, b) if start is None else torch.baddbmm(start, a, b)


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        shared, pad = x.dim() == 4, weight.shape[-1] // 2
        out = x.new_empty((len(weight), x.shape[-4], weight.shape[1], *x.shape[-2:]))
        for k in range(len(weight)):
            out[k] = F.conv2d(x if shared else x[k], weight[k], bias[k], padding=pad)
        return out

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors  # type: ignore[attr-defined]
        shared, pad, needs = x.dim() == 4, weight.shape[-1] // 2, ctx.needs_input_grad[0]  # type: ignore[attr-defined]
        grad, dx = grads[0].contiguous(), torch.empty_like(x) if needs else None
        dweight, dbias = torch.empty_like(weight), weight.new_empty(weight.shape[:2])
        for k in range(len(weight)):
            back, dweight[k], dbias[k] = torch.ops.aten.convolution_backward(
                grad[k], x if shared else x[k], weight[k], [weight.shape[1]],
                [1, 1], [pad, pad], [1, 1], False, [0, 0], 1, [needs, True, True],
            )  # fmt: skip
            if dx is not None:
                dx[k] = back
        return dx, dweight, dbias


def _grouped(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return all candidates' convolutions in one call."""
    size, pad = len(weight), weight.shape[-1] // 2
    shared = x.dim() == 4
    frames = x if shared else x.transpose(0, 1).flatten(1, 2)  # [frames, K * in, H, W]
    out = F.conv2d(frames, weight.flatten(0, 1), bias.flatten(), padding=pad, groups=1 if shared else size)
    return out.view(len(frames), size, -1, *out.shape[-2:]).transpose(0, 1).contiguous()
