"""The matrix products and convolutions of a stack, each candidate's as if it were alone.

On a CPU no candidate's numbers depend, in any bit, on who else is in the stack:

- batched matrix products come one after the other, but the kernel that is chosen depends on how a matrix lies in
  memory; matrices that are no multiple of 64 bytes are copied to where one alone would lie;
- a grouped convolution sums in another order than the convolutions it groups, so they run one by one, in C (`native`)
  where a shape fits: torch is not made for few channels, nor for weights and inputs that are mostly zero.

On a GPU stacks are for filling the device: convolutions are grouped there, and sums may differ in their last bits.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from hwsearch.graph.graph import Size
from hwsearch.native.library import PLANE, TAPS, library

_ALIGNED = 16  # floats in 64 bytes


def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return x w^T + b of each candidate: x [K, rows, in], weight [K, out, in], bias [K, out] -> [K, rows, out]."""
    out: Tensor = _Linear.apply(x, weight, bias)  # type: ignore[no-untyped-call]
    return out


def convolution(
    x: Tensor, weight: Tensor, bias: Tensor | None, stride: Size = (1, 1), *, depthwise: bool = False
) -> Tensor:
    """Return each candidate's convolution, padded by half of its filters' sides.

    Args:
        x: [K, frames, in, H, W], or [frames, in, H, W] that all candidates see.
        weight: [K, out, in, kh, kw]; [K, out, 1, kh, kw] where each channel has its filter.
        bias: [K, out].
        stride: Down and across.
        depthwise: Whether each channel has its filter.

    Returns:
        [K, frames, out, H', W'].
    """
    if x.device.type != "cpu":
        return _grouped(x, weight, bias, stride, depthwise)
    function: type[torch.autograd.Function]
    if depthwise:
        function = _Depthwise if _planes_fit(x, weight) else _Convolution
    else:
        function = _Planes if _grids_fit(x, weight, stride) else _Convolution
    out: Tensor = function.apply(x, weight, bias, stride, depthwise)  # type: ignore[no-untyped-call]
    return out


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx, x: Tensor, weight: Tensor, bias: Tensor | None
    ) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _product(x, weight.transpose(1, 2), None if bias is None else bias.unsqueeze(1))

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors  # type: ignore[attr-defined]
        grad = grads[0].contiguous()
        dx = _product(grad, weight) if ctx.needs_input_grad[0] else None  # type: ignore[attr-defined]
        dbias = grad.sum(1) if ctx.needs_input_grad[2] else None  # type: ignore[attr-defined]
        return dx, _product(grad.transpose(1, 2), x), dbias


def _product(a: Tensor, b: Tensor, start: Tensor | None = None) -> Tensor:
    """Return start + a b of each candidate: a [K, M, N], b [K, N, P], start [K, 1, P]."""
    items = (a[0].numel(), b[0].numel(), a.shape[1] * b.shape[2])
    if a.device.type == "cpu" and len(a) > 1 and any(n % _ALIGNED for n in items):
        rows = range(len(a))
        starts = [None if start is None else start[k : k + 1] for k in rows]
        return torch.cat([_product(a[k : k + 1].clone(), b[k : k + 1].clone(), starts[k]) for k in rows])
    return torch.bmm(a, b) if start is None else torch.baddbmm(start, a, b)


def apart(values: Tensor, k: int) -> Tensor:
    """Return a candidate's values [K, ...] as they would lie in memory alone: kernels are chosen by that."""
    values = values.contiguous()
    return values[k].clone() if values[0].numel() % _ALIGNED else values[k]


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        stride: Size,
        depthwise: bool,
    ) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.settings = stride, depthwise  # type: ignore[attr-defined]
        shared, options = x.dim() == 4, _options(weight, stride, depthwise)
        out: Tensor | None = None
        for k in range(len(weight)):
            part = F.conv2d(x if shared else x[k], weight[k], None if bias is None else bias[k], **options)
            if len(weight) == 1:
                return part.unsqueeze(0)
            out = part.new_empty((len(weight), *part.shape)) if out is None else out
            out[k] = part
        assert out is not None
        return out

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors  # type: ignore[attr-defined]
        stride, depthwise = ctx.settings  # type: ignore[attr-defined]
        shared, options = x.dim() == 4, _options(weight, stride, depthwise)
        dx_needed, _, dbias_needed, *_ = ctx.needs_input_grad  # type: ignore[attr-defined]
        grad, single = grads[0].contiguous(), len(weight) == 1
        dx = torch.empty_like(x) if dx_needed and not single else None
        dweight, dbias = torch.empty_like(weight), weight.new_empty(weight.shape[:2])
        for k in range(len(weight)):
            back, dweight[k], dbias[k] = torch.ops.aten.convolution_backward(
                grad[k], x if shared else x[k], weight[k], [weight.shape[1]], stride, options["padding"],
                [1, 1], False, [0, 0], options["groups"], [dx_needed, True, True],
            )  # fmt: skip
            if dx is not None:
                dx[k] = back
            elif dx_needed:  # of one alone, nothing is copied
                dx = back.view(x.shape)
        return dx, dweight, dbias if dbias_needed else None, None, None


def _planes_fit(x: Tensor, weight: Tensor) -> bool:
    """Return whether the loops in C can do a depthwise convolution."""
    (rows, columns), (height, width) = weight.shape[-2:], x.shape[-2:]
    fits = (height + rows - 1) * (width + columns - 1) <= PLANE and rows * columns <= TAPS
    return fits and x.dtype == torch.float32 and library() is not None


class _Depthwise(torch.autograd.Function):
    """In C: torch's depthwise convolution takes several times as long on one thread."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        stride: Size,
        depthwise: bool,
    ) -> Tensor:
        loops = library()
        assert loops is not None
        x, weight = x.contiguous(), weight.contiguous()
        shape = (
            len(weight), *x.shape[-4:-2], x.dim() == 4, *x.shape[-2:], *weight.shape[-2:], *stride,
        )  # fmt: skip
        height, width = ((side - 1) // step + 1 for side, step in zip(x.shape[-2:], stride, strict=True))
        out = x.new_empty((len(weight), *x.shape[-4:-2], height, width))
        biases = None if bias is None else bias.contiguous()
        start = None if biases is None else biases.data_ptr()
        loops.depthwise_forward(x.data_ptr(), weight.data_ptr(), start, out.data_ptr(), *shape)
        ctx.save_for_backward(x, weight)
        ctx.shape = shape  # type: ignore[attr-defined]
        return out

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors  # type: ignore[attr-defined]
        loops = library()
        assert loops is not None
        dx_needed, _, dbias_needed, *_ = ctx.needs_input_grad  # type: ignore[attr-defined]
        grad, dx = grads[0].contiguous(), torch.empty_like(x) if dx_needed else None
        dweight, dbias = torch.empty_like(weight), weight.new_empty(weight.shape[:2])
        pointers = [t.data_ptr() for t in (grad, x, weight)]
        loops.depthwise_backward(
            *pointers, None if dx is None else dx.data_ptr(), dweight.data_ptr(), dbias.data_ptr(), *ctx.shape  # type: ignore[attr-defined]
        )  # fmt: skip
        return dx, dweight, dbias if dbias_needed else None, None, None


def _grids_fit(x: Tensor, weight: Tensor, stride: Size) -> bool:
    """Return whether the loops in C can do a convolution (see conv.h)."""
    loops, (outputs, inputs, *kernel) = library(), weight.shape[1:]
    fits = loops is not None and loops.conv_fits(inputs, outputs, *x.shape[-2:], *kernel, *stride)
    return bool(fits) and x.dtype == torch.float32


class _Planes(torch.autograd.Function):
    """In C: nothing is done for weights that are zero, and little for inputs that are."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        stride: Size,
        depthwise: bool,
    ) -> Tensor:
        loops = library()
        assert loops is not None
        x, weight = x.contiguous(), weight.contiguous()
        size, outputs, inputs, *kernel = weight.shape
        frames, (height, width) = x.shape[-4], x.shape[-2:]
        shape, sides = (size, frames, inputs, outputs), (height, width, *kernel, *stride)
        ctx.settings = shape, sides  # type: ignore[attr-defined]
        rows, columns = ((side - 1) // step + 1 for side, step in zip(x.shape[-2:], stride, strict=True))
        out = x.new_empty((size, frames, outputs, rows, columns))
        biases = None if bias is None else bias.contiguous()
        start = None if biases is None else biases.data_ptr()
        pointers = x.data_ptr(), weight.data_ptr(), start, out.data_ptr()
        loops.conv_forward(*pointers, *shape, x.dim() == 4, *sides)
        ctx.save_for_backward(x, weight)
        return out

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors  # type: ignore[attr-defined]
        loops = library()
        assert loops is not None
        dx_needed, _, dbias_needed, *_ = ctx.needs_input_grad  # type: ignore[attr-defined]
        grad, dx = grads[0].contiguous(), torch.empty_like(x) if dx_needed else None
        dweight, dbias = torch.empty_like(weight), weight.new_empty(weight.shape[:2])
        (shape, sides), given = ctx.settings, grad.data_ptr()  # type: ignore[attr-defined]
        if dx is not None:
            loops.conv_read_back(given, weight.data_ptr(), dx.data_ptr(), *shape, *sides)
        pointers = given, x.data_ptr(), dweight.data_ptr(), dbias.data_ptr()
        loops.conv_weights_back(*pointers, *shape, x.dim() == 4, *sides)
        return dx, dweight, dbias if dbias_needed else None, None, None


def _options(weight: Tensor, stride: Size, depthwise: bool) -> dict[str, Any]:
    """Return torch's settings of a convolution of weights [K, out, in, kh, kw]."""
    return {
        "stride": stride,
        "padding": (weight.shape[-2] // 2, weight.shape[-1] // 2),
        "groups": weight.shape[1] if depthwise else 1,
    }


def _grouped(
    x: Tensor, weight: Tensor, bias: Tensor | None, stride: Size = (1, 1), depthwise: bool = False
) -> Tensor:
    """Return all candidates' convolutions in one call."""
    size, options = len(weight), _options(weight, stride, depthwise)
    shared = x.dim() == 4
    if shared and depthwise:  # each candidate has a filter for each channel of what all see
        x, shared = x.unsqueeze(0).expand(size, *x.shape), False
    frames = x if shared else x.transpose(0, 1).flatten(1, 2)  # [frames, K * in, H, W]
    options["groups"] *= 1 if shared else size
    out = F.conv2d(frames, weight.flatten(0, 1), None if bias is None else bias.flatten(), **options)
    return out.view(len(frames), size, -1, *out.shape[-2:]).transpose(0, 1).contiguous()
