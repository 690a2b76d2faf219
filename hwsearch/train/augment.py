"""Training images moved and mirrored, each by another draw in every epoch.

A sample's draw depends on the seed, the epoch and the sample alone, so a candidate trains alike in any stack, on any
worker and device. All frames of a sequence make the same move. Not for samples that are measured on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from hwsearch.seeds import seed_of

_LOOKED_AT = 512  # samples that tell what an empty pixel is: they are in no order of classes


@dataclass(frozen=True)
class Augmentation:
    """How training images are changed.

    Attributes:
        shift: Most pixels that an image is moved by along each axis, either way.
        flip: ``horizontal``: half of the images are mirrored, left for right.
    """

    shift: int = 0
    flip: Literal["none", "horizontal"] = "none"


class Augmenter:
    """Moves the training samples of one training."""

    def __init__(self, how: Augmentation, x: Tensor, seed: int) -> None:
        """Look at the samples.

        Args:
            how: What is done to them.
            x: [N, C, H, W] or [N, T, C, H, W].
            seed: Of the draws.
        """
        self._how, self._n, self._seed, self._device = how, len(x), seed, x.device
        self._empty = empty_pixel(x)

    def moves(self, epoch: int) -> Tensor:
        """Return what is done to each sample in an epoch: [N, 3] rows down, columns to the right, mirrored or not.

        Rows and columns lie in -shift .. shift, each as likely; the third is 0 or 1, as likely.
        """
        drawn = torch.Generator().manual_seed(seed_of("augment", self._seed, epoch))
        most = self._how.shift
        shifts = torch.randint(-most, most + 1, (self._n, 2), generator=drawn)
        flips = torch.randint(0, 2, (self._n, 1), generator=drawn)
        flips *= self._how.flip == "horizontal"
        return torch.cat([shifts, flips], 1).to(self._device)

    def __call__(self, x: Tensor, moves: Tensor) -> Tensor:
        """Return samples [B, C, H, W] or [B, T, C, H, W], moved by ``moves`` [B, 3]; a new tensor of equal shape."""
        images = x.flatten(1, -3)
        if self._how.shift:
            empty = self._empty.repeat(images.shape[1] // len(self._empty))
            images = _shifted(images, moves, self._how.shift, empty)
        if self._how.flip == "horizontal":
            images = torch.where(moves[:, 2].bool().view(-1, 1, 1, 1), images.flip(-1), images)
        return images.view(x.shape)


def empty_pixel(x: Tensor) -> Tensor:
    """Return what an empty pixel of images is: of each channel, the most frequent value along their edges; [C].

    Of equally frequent ones the smallest. Digits on black have 0, drawings on white the largest value.

    Args:
        x: [N, C, H, W] or [N, T, C, H, W].
    """
    images = x[:_LOOKED_AT].flatten(0, -4).transpose(0, 1)
    edges = [images[..., 0, :], images[..., -1, :], images[..., 0], images[..., -1]]
    values = torch.cat([edge.flatten(1) for edge in edges], 1)
    found = []
    for channel in values:
        kinds, counts = channel.unique(return_counts=True)
        found.append(kinds[counts == counts.max()].min())
    return torch.stack(found)


def _shifted(images: Tensor, moves: Tensor, most: int, empty: Tensor) -> Tensor:
    """Return images [B, M, H, W] moved by up to ``most`` pixels; what moves in is ``empty``, [M]."""
    n, maps, height, width = images.shape
    padded = empty.view(1, -1, 1, 1).expand(n, maps, height + 2 * most, width + 2 * most).clone()
    padded[:, :, most : most + height, most : most + width] = images
    # [B, M, 2 most + 1, 2 most + 1, H, W]: every place that a window of the image's size has, none of them copied
    windows = padded.unfold(2, height, 1).unfold(3, width, 1)
    # an image that moves down is a window that begins higher up
    return windows[torch.arange(n, device=images.device), :, most - moves[:, 0], most - moves[:, 1]]
