"""What a spiking neuron does, in numbers: shared by training, its GPU kernels, and whoever predicts spikes.

The leak is the integer model's, v - v / 2**k, so one dynamics serves training and device::

    h[t] = v[t-1] - v[t-1] / 2**k + x[t]          (k None: h[t] = v[t-1] + x[t])
    s[t] = h[t] >= threshold
    v[t] = 0 where s[t], else h[t]                (reset to zero)
    v[t] = h[t] - threshold * s[t]                (reset by subtraction)

Not for the integers of a device, which shift instead of multiplying: see `integer`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NeuronLaw:
    """The dynamics of a neuron.

    Attributes:
        leak_shift: k of the leak; None for integrate-and-fire.
        threshold: Firing threshold.
        reset: ``zero`` or ``subtract``.
    """

    leak_shift: int | None
    threshold: float
    reset: str

    @property
    def decay(self) -> float:
        """What one step keeps of the membrane: 1 - 2**-k."""
        return 1.0 if self.leak_shift is None else 1.0 - 2.0**-self.leak_shift
