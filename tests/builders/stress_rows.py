"""Rows of stress.csv that nobody measured."""

from hwsearch.records.stress import UNDISTURBED, StressRow

KNOWN = {"split": "test", "samples": 100, "network_digest": "0" * 16, "asked": "1" * 16}


def row(candidate, kind=UNDISTURBED, level=0.0, accuracy=0.9, loss=0.0, extra=None, reason=None):
    """Return a row; extra: how much more is lost than by the dense network, with the ends of its interval."""
    found = {"accuracy": accuracy, "low": accuracy - 0.05, "high": min(1.0, accuracy + 0.05), "loss": loss}
    if reason:
        return StressRow(what="input", candidate=candidate, kind=kind, reason=reason, **KNOWN)
    if extra is not None:
        found |= dict(zip(("extra_loss", "extra_low", "extra_high"), extra, strict=True))
    return StressRow(what="model", candidate=candidate, kind=kind, level=level, seeds=5, **found, **KNOWN)


def rows():
    """Return a candidate that loses more under flipped bits and less under noise, and a kind that does not apply."""
    return [
        row("dense"),
        row("dense", "noise", 0.1, 0.7, 0.2),
        row("dense", "bit_flips", 0.01, 0.9),
        row("dense", "jitter", reason="inputs are still images, which have no frames"),
        row("trial 3"),
        row("trial 3", "noise", 0.05, 0.89, 0.01, (0.0, -0.01, 0.01)),
        row("trial 3", "noise", 0.1, 0.8, 0.1, (-0.1, -0.12, -0.08)),
        row("trial 3", "bit_flips", 1e-3, 0.88, 0.015, (0.015, -0.001, 0.03)),
        row("trial 3", "bit_flips", 1e-2, 0.8, 0.1, (0.1, 0.05, 0.15)),
        row("trial 3", "jitter", reason="inputs are still images, which have no frames"),
    ]
