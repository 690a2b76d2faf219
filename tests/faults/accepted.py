"""What was accepted must then work: a profile prices and is searched, a cheap study is searched, without a crash."""

from __future__ import annotations

import itertools
from pathlib import Path

from faults.call import Answer, called
from faults.drawn import TINY
from faults.values import document

from hwsearch.hardware.profiles.load import load_profile
from hwsearch.study.model import load_study

_EVERY = 10
"""One of so many accepted profiles is searched; the others are planned and priced."""
_turn = itertools.count()


def cheap(path: Path) -> bool:
    """Return whether a study that was accepted is searched in seconds."""
    study = load_study(path)
    train, search, tickets = study.train, study.search, study.tickets
    epochs = [
        train.dense_epochs,
        train.epochs,
        tickets.warmup_epochs,
        tickets.score_epochs,
        tickets.rewind_epoch,
    ]
    named = [*study.network.spellings, *("" for _ in study.network.entries)]
    return (
        max(epochs) <= 8
        and search.candidates <= 4
        and search.batch <= 8
        and study.final.seeds <= 2
        and max(study.space.timesteps) <= 4
        and tickets.samples <= 1000
        and all(text in ("", "fc4", "fc16", "r4", "16c3") for text in named)
        and (study.data.train_size or 61) <= 300
        and next(_turn) % 3 == 0
    )


def searched_study(argv: list[str], folder: Path) -> Answer:
    """Search a study."""
    return called(argv, folder)


def searched_profile(folder: Path, path: Path) -> Answer:
    """Show a profile, price a network on it, and now and then search with it."""
    answer = called(["profiles", "show", path.name], folder)
    if answer.code != 0 or answer.trace:
        return answer
    profile = load_profile(path)
    costs = [name for name in ("energy_j", "latency_s") if profile.tells(name)]
    limit = profile.limits.timesteps
    content = TINY | {
        "network": {
            "layers": "fc16", "batch_norm": True, "neuron": profile.neuron_models[-1], "reset": profile.resets[-1],
            "leak_shift": 1 if profile.neuron_models[-1] == "lif" else None,
        },
        "space": {
            "sparsity": [0.0, 0.5], "granularity": [profile.granularities[0]],
            "weight_bits": list(profile.weight_bits)[:2], "timesteps": [1] if limit == 1 else [1, 2],
        },
        "device": {"profile": path.name},
        "objectives": ["error", *costs[:1], "memory_bytes"],
    }  # fmt: skip
    if content["network"]["leak_shift"] is None:
        del content["network"]["leak_shift"]
    (folder / "run.yaml").write_text(document(content))
    searched = next(_turn) % _EVERY == 0
    argv = ["run", "run.yaml", "--out", "run", "--workers", "1", "--device", "cpu"]
    return called(argv, folder) if searched else _priced(argv, folder)


def _priced(argv: list[str], folder: Path) -> Answer:
    """Go as far as the least prices of every candidate, and the price of a network; then stop."""
    from unittest import mock

    with (
        mock.patch("hwsearch.search.run._search", side_effect=_Priced),
        mock.patch("hwsearch.search.run.Trainer", side_effect=_Priced),
    ):
        answer = called(argv, folder)
    if "_Priced" in answer.err:  # what broke the search off is told as a bug
        return Answer(0, answer.out, "", "", answer.seconds)
    return answer


class _Priced(BaseException):
    """Everything was priced that is priced before training."""
