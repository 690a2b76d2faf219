"""The sections of a study file that say how it is searched: the search itself, its tickets, the finals, the pick."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo
from pydantic import field_validator as check

from hwsearch.study.laws import (
    MOST_COUNT,
    WRITTEN,
    Accuracy,
    Chance,
    Count,
    FinderName,
    Fraction,
    Positive,
    Share,
    law,
    share,
)
from hwsearch.study.section import Section
from hwsearch.study.yaml_border import broken

UNRANKED = ("random", "grid")
"""Samplers whose suggestions are asked as they come: ranking would make something else of them."""
FIRST_BATCH = 8
"""Candidates of a batch that ``auto`` begins with."""
_CONTENDERS = 2


class Search(Section):
    """How many candidates are asked, of whom, how many at once, and how many are trained together.

    Attributes:
        sampler: Who suggests candidates: ``tpe``, ``nsga2`` and ``gp`` learn from what was evaluated; ``random`` draws
            evenly; ``grid`` asks every candidate of the space once, in an order that the seed draws, and ends the
            search when all were asked.
        candidates: How many are asked; more may be asked of a finished run.
        batch: Candidates that are asked and decided together; ``auto``: 8, and with more than 512 finished trials a
            sixty-fourth of these, 64 at most.
        overlap: Whether the next batch is chosen and begins while the later rungs of those before it are trained, so
            that many workers wait less. It is chosen by what they had learned until then, which is less. With one rung
            nothing overlaps.
        foresee: Whether candidates that could not reach the front are cut before they are trained. It pays at the
            start of a search; live runs of 128 trials are no better by it, as far as five seeds tell.
        similarity: What ticket similarity is predicted by: ``probe_and_add`` (each layer compressed alone and run),
            ``margin_gradient`` or ``flip_rate`` (worse by themselves; once settled on what was measured, as every run
            does, nearly as good).
        twins: Share of inputs on which a candidate must be predicted to behave like a trained one that costs no more,
            to be cut as its lookalike; 1: none is. Saves next to nothing in live runs of 128 trials.
        audit: Share of what is cut or stopped that is trained all the same, to tell how often that is wrong.
        rungs: Whether candidates are trained in rungs, and only the most promising third goes on after each.
        early: Whether rungs end after a quarter of the epochs: what is found is trained in full at the end, with fresh
            seeds; ``auto``: where the finder's tickets start from trained weights (``magnitude``).
        early_time: Whether the first two rungs are trained at a quarter and half of a candidate's T (and measured at
            its T); ``auto``: as ``early``.
        rank: Whether proposals are drawn in plenty, and those with the largest expected gain a train_step are taken:
            suggestions of the sampler, even draws, neighbours of what is good; one in eight is a suggestion unranked.
            What ``random`` and ``grid`` suggest is asked as it comes, whatever this says.
        worth: Score (accuracy, unless the study says another) that a network may lose against the dense one and still
            be of use: others are on no front.
        finish: Chance to be on the front above which what was stopped is trained on at the end; 1: nothing is.
        learn_from: Folders of other runs of the same task, whose trainings the surrogate learns from as well.
        stack: Candidates that are trained together, at most; ``auto``: as many as the machine trains fastest.
    """

    sampler: Literal["tpe", "nsga2", "gp", "random", "grid"] = "tpe"
    candidates: Count
    batch: Literal["auto"] | Count = "auto"
    stack: Literal["auto"] | Count = "auto"
    overlap: bool = False
    foresee: bool = True
    similarity: Literal["probe_and_add", "margin_gradient", "flip_rate"] = "probe_and_add"
    twins: Annotated[float, share("twins must lie in (0, 1]", lambda v: 0 < v <= 1, bare_one=True)] = 0.98
    audit: Share = 0.08
    rungs: bool = True
    early: Literal["auto"] | bool = "auto"
    early_time: Literal["auto"] | bool = "auto"
    rank: bool = True
    finish: Annotated[float, share("finish must lie in [0, 1]", lambda v: 0 <= v <= 1, bare_one=True)] = 0.02
    learn_from: tuple[str, ...] = ()
    worth: Annotated[float, share("worth must lie in (0, 1]", lambda v: 0 < v <= 1), WRITTEN] = 0.15

    @property
    def ranked(self) -> bool:
        """Whether proposals are ranked: asked for, and of a sampler that ranking leaves what it is."""
        return self.rank and self.sampler not in UNRANKED

    @property
    def contenders(self) -> int:
        """How many contenders for the pick are trained in full together: two, and more where batches are larger.

        A study that asks for large batches has the workers for them. What is trained together is trained without each
        other's outcome, so that larger rounds are fewer, and spend more.
        """
        return max(_CONTENDERS, 0 if self.batch == "auto" else self.batch // FIRST_BATCH)


class Tickets(Section):
    """Which weights survive: the finder, its criterion and its settings. The defaults cut magnitudes once.

    Attributes:
        finder: ``magnitude`` ranks the trained dense network once; ``iterative`` trains, removes and rewinds in rounds;
            ``early_bird`` draws masks as soon as they stop moving; ``early_time`` is another finder (``early``) at few
            timesteps; ``multi_prize`` trains which binary weights survive.
        criterion: What a weight is worth (multi_prize trains its own scores).
        order: ``quantise_then_prune`` lays the grid over all weights and lets those go first that it makes zero;
            ``prune_then_quantise`` ranks the floats and lays the grid over the survivors.
        early: The finder that early_time runs.
        fraction: Of the surviving weights, removed in a round of the ladder.
        rewind_epoch: Epochs after which a ladder keeps the weights that tickets start from.
        tolerance: Of early-bird masks, in units of the distance of unrelated masks (You et al. take 0.1 of all
            entries at a sparsity of one half, which is 0.2).
        kl_limit: Of the early-time rule.
        warmup_epochs: Of the network that the early-time rule is measured on. (Kim et al. take 2, of 390 batches each:
            after 2 short epochs on little data the answers are not yet in any order of time.)
        score_epochs, score_learning_rate: Of multi-prize scores.
        score_gain: Factor on the readout before the softmax while scores are trained (in place of ``train.loss_gain``:
            the readout's weights are not trained, and too small to tell the classes apart).
        samples: Training samples that statistics are taken on.
    """

    finder: FinderName = "magnitude"
    criterion: Literal["magnitude", "spike_probability", "second_order"] = "magnitude"
    order: Literal["quantise_then_prune", "prune_then_quantise"] = "quantise_then_prune"
    early: Literal["iterative", "early_bird"] = "iterative"
    fraction: Fraction = 0.25
    rewind_epoch: Annotated[
        int,
        law("an epoch must be at least 0", lambda v: v >= 0),
        law(f"an epoch may be {MOST_COUNT:,} at most", lambda v: v <= MOST_COUNT),
    ] = 2
    tolerance: Positive = 0.2
    kl_limit: Positive = 0.6
    warmup_epochs: Count = 8
    score_epochs: Count = 40
    score_learning_rate: Positive = 0.01
    score_gain: Positive = 10.0
    samples: Count = 512


class Final(Section):
    """What is trained again with fresh seeds at the end, and how often.

    Attributes:
        seeds: How many: of the dense network and the pick, and of what may still become the pick; of others, the first.
        adds: Share of the hypervolume that one more must promise to add: smaller, and the front is fuller.
        chance: Of changing the pick, from which on a recipe is trained in full, and with another seed; 0: all with
            every seed.
        others: What becomes of members of the front that are no contenders for the pick: ``train`` trains them in full
            at least once; ``foretold`` gives them the surrogate's word, with its interval, until somebody asks
            (``hwsearch front DIR --confirm``).
    """

    seeds: Count = 3
    adds: Share = 0.001
    chance: Share = 0.1
    others: Literal["train", "foretold"] = "train"


class Robustness(Section):
    """What a pick must keep under input noise; what of the front loses more is not picked.

    Attributes:
        noise: Standard deviation of Gaussian noise on every input value, as a share of the inputs' range.
        lose_at_most: Accuracy that may be lost under it on validation with 95 % certainty, against the same network
            without noise.
    """

    noise: Fraction
    lose_at_most: Accuracy


_NEEDED = ("min_accuracy", "min_score")
_ROUNDING = 1e-9  # scores are counts over a split: a hair's breadth of rounding must not decide


class Pick(Section):
    """Which member of the front is handed over.

    Attributes:
        rule: The smallest, most frugal or most accurate of those accurate enough, by the study's score.
        min_accuracy: Accuracy needed; None: another says it.
        min_score: The same of the study's score, whichever it is.
        within: Score that may be lost against the dense network; None: ``min_accuracy`` or ``min_score`` says it.
        chance: That the recipe's score, in the mean over fresh splits and seeds, is below that: at most; None: the mean
            of its final trainings decides.
    """

    rule: Literal["smallest", "frugal", "accurate"] = "smallest"
    min_accuracy: Accuracy | None = None
    min_score: Accuracy | None = None
    within: Accuracy | None = Field(
        default_factory=lambda data: None if any(data.get(name) is not None for name in _NEEDED) else 0.01
    )
    chance: Chance | None = None

    @check("min_score", "within")
    @classmethod
    def _one_tolerance(cls, value: float | None, info: ValidationInfo) -> float | None:
        names = (*_NEEDED, "within")
        given = {name: info.data[name] for name in names if name in info.data} | {str(info.field_name): value}
        said = [name for name, share in given.items() if share is not None]
        none_is_left = info.field_name == "within" and len(given) == len(names) and not said
        if len(said) > 1 or none_is_left:
            got = ", ".join(f"{name} {share}" for name, share in given.items())
            law = "exactly one of within and min_accuracy (or min_score) must be given"
            raise broken(law, got, "leave one out" if said else "give one")
        return value

    @property
    def needed(self) -> float | None:
        """Score needed; None: ``within`` says it."""
        return self.min_score if self.min_accuracy is None else self.min_accuracy

    def floor(self, dense_score: float) -> float:
        """Return the score needed where the dense network has this one."""
        needed = dense_score - self.within if self.within is not None else self.needed or 0.0
        return needed - _ROUNDING
