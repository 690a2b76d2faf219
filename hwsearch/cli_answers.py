"""What the command line answers in the end: the front, the pick, and what a run did and spent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from hwsearch.errors import NothingFits
from hwsearch.report.quantities import UNKNOWN, column, duration, percent, plain, score_words, times
from hwsearch.shown import say, say_block

if TYPE_CHECKING:
    import pandas as pd

    from hwsearch.records.by_class import RecallRow
    from hwsearch.records.front import DenseRow, FrontRow
    from hwsearch.records.run_folder import RunFolder
    from hwsearch.records.summary import Summary
    from hwsearch.records.summary_parts import Spent
    from hwsearch.results.other_device import FrontOn

_SHOWN = {
    "trial": "trial",
    "sparsity": "sparsity",
    "granularity": "granularity",
    "weight_bits": "bits",
    "timesteps": "T",
    "state_bits": "membranes",
    "network": "network",
    "score_val": "score val",
    "score_test": "score test",
    "accuracy_val": "val",
    "accuracy_test": "test",
    "memory_bytes": "memory B",
    "synaptic_ops": "synaptic ops",
    "energy_j": "energy",
    "latency_s": "latency",
    "evidence": "evidence",
}
_SCALED = (
    "score_val",
    "score_test",
    "accuracy_val",
    "accuracy_test",
    "synaptic_ops",
    "energy_j",
    "latency_s",
)

_MOST_CLASSES = 12


def print_answer(folder: RunFolder, summary: Summary) -> None:
    """Print what a run that has ended found and spent.

    Raises:
        NothingFits: It found nothing.
    """
    from hwsearch.records.by_class import read_recalls
    from hwsearch.records.front import read_front_frame

    if not summary.front_size:
        raise NothingFits(summary.nearest_miss or "")
    print_front(read_front_frame(folder.front, summary.front_size))
    print_pick(summary.pick, summary.dense, summary.score, summary.pick_chance_below)
    print_recall(summary.pick, summary, read_recalls(folder.recalls))
    print_rival(*rival_lines_of(folder, summary))
    print_spent(summary)
    say(f"report: {folder.report}")


def rival_lines_of(folder: RunFolder, summary: Summary) -> tuple[str, ...]:
    """Return what a run says of the plain networks that it was held against; nothing where it was not."""
    if summary.rival is None:
        return ()
    from hwsearch.records.front import read_front
    from hwsearch.records.rival import read_rivals
    from hwsearch.report.rival import pick_words, rival_words

    front, plain = read_front(folder.front, summary.front_size), read_rivals(folder.rival)
    return rival_words(summary, front, plain), pick_words(summary.rival)


def print_rival(*lines: str) -> None:
    """Print what is said of plain networks; of nothing, nothing."""
    for text in filter(None, lines):
        say(text)


def print_notes(notes: Iterable[str]) -> None:
    """Print what a reader must know."""
    for note in notes:
        say(f"note: {note}")


def print_front(table: pd.DataFrame) -> None:
    """Print a front for a person."""
    shown = table[[c for c in _SHOWN if c in table.columns and not table[c].isna().all()]].copy()
    heads = dict(_SHOWN)
    for name in _SCALED:
        if name in shown:
            unit, shown[name] = column(name, shown[name].astype(float).tolist())
            heads[name] = f"{_SHOWN[name]} {unit}".rstrip()
    say_block(shown.rename(columns=heads).to_string(index=False))


def print_front_on(answer: FrontOn) -> None:
    """Print the front on another device: its rows, what the device cannot tell, and which trials were left out."""
    print_front(answer.front)
    for note in answer.notes:
        say(f"note: {note}")
    left_out = sum(len(group.trials) for group in answer.left_out)
    say(f"left out: {left_out} of {left_out + len(answer.front)} candidates")
    for group in answer.left_out:
        say(f"  {len(group.trials)}: {group.reason}")


def print_pick(
    pick: FrontRow | None, dense: DenseRow, score: str = "accuracy", chance: float | None = None
) -> None:
    """Print the pick next to the dense reference; chance: that its recipe is worse than the pick needs."""
    if pick is None:
        say(
            "pick: no member of the front is as accurate as it must be; relax pick.within or pick.min_accuracy "
            "(min_score), or pick.chance where the study has one"
        )
        return
    say(f"pick: {_knobs(pick)}")
    if pick.score_test is not None:
        test, low, high, full = _percents(
            pick.score_test, pick.score_test_low, pick.score_test_high, dense.score_test
        )
        say(f"  {score_words(score)} on test {test} ({low} to {high}); dense {full} ({_rests_on(pick)})")
    test, low, high = _percents(pick.accuracy_test, pick.accuracy_test_low, pick.accuracy_test_high)
    (full,) = _percents(dense.accuracy_test)
    say(f"  test {test} ({low} to {high}); dense {full} ({_rests_on(pick)})")
    member, whole = _percents(pick.accuracy_test_own, dense.accuracy_test_own)
    say(f"  test of the network that is handed over {member}; of the dense one {whole}")
    if chance is not None:
        say(f"  chance that its recipe is worse than the pick needs, on fresh splits: {chance:.0%}")
    if lost := pick.width_loss.words:
        say(f"  to the device's widths: {lost}")
    ratio = times(dense.memory_bytes, pick.memory_bytes, "larger", "smaller")
    say(f"  memory {pick.memory_bytes:,} B; dense {dense.memory_bytes:,} B ({ratio})")
    if pick.energy_j and dense.energy_j:
        unit, (ours, theirs) = column("energy_j", [pick.energy_j, dense.energy_j])
        ratio = times(dense.energy_j, pick.energy_j, "more", "less")
        say(f"  energy {ours} {unit}; dense {theirs} {unit} ({ratio})")


def _rests_on(pick: FrontRow) -> str:
    """Return what the pick's figures rest on, and what to do where that is little."""
    if pick.evidence is None or " of " not in pick.evidence:
        return f"means of {pick.seeds} trainings"
    return f"the pick {pick.evidence}: `hwsearch front DIR --confirm` trains it with every seed"


def _percents(*accuracies: float | None) -> Iterator[str]:
    return (UNKNOWN if accuracy is None else percent(accuracy) for accuracy in accuracies)


def print_recall(pick: FrontRow | None, summary: Summary, recalls: Sequence[RecallRow] = ()) -> None:
    """Print how well a pick recognises each class (of many, the worst), and what is wrong with its answers.

    Args:
        pick: The pick.
        summary: Of the run.
        recalls: recalls.csv; none of a run of an earlier version.
    """
    from hwsearch.report.confusion import class_names
    from hwsearch.report.recall import chance_on_test, warnings, worst_class

    if pick is None:
        return
    names = class_names(recalls)
    if (worst := worst_class(pick)) is not None:
        say(
            f"  worst class: {names.get(worst[0], worst[0])}, recognised in {worst[1]:.1%} of its test samples"
        )
    known = [row for row in recalls if row.trial == pick.trial and row.recall is not None]
    worst_first = sorted(known, key=lambda row: row.recall or 0.0)
    shown = known if len(known) <= _MOST_CLASSES else worst_first[:_MOST_CLASSES]
    for row in shown:
        share, low, high = _percents(row.recall, row.recall_low, row.recall_high)
        say(f"  recall of {row.name}: {share} ({low} to {high}) of {row.samples} test samples")
    if len(shown) < len(known):
        say(f"  {len(known) - len(shown)} more classes, all recognised better: recalls.csv")
    for text in warnings(pick, chance_on_test(summary), summary.score, names):
        say(f"  warning: {text}")


def print_doubts(trials: pd.DataFrame, trial: int | None) -> None:
    """Warn where a trial that somebody named for export knows nothing."""
    if "skilled" not in trials:  # a run of an earlier version
        return
    row = trials[trials["trial"] == trial]
    if not row.empty and not bool(row["skilled"].iloc[0]):
        say(f"warning: trial {trial} is no model: {row['reason'].iloc[0]}")


def print_provisional_pick(pick: FrontRow) -> None:
    """Print the pick of a run that has not ended."""
    say(f"provisional pick: {_knobs(pick)}")
    say(f"  validation {percent(pick.score or 0.0)} in the search; memory {pick.memory_bytes:,} B")


def _knobs(row: FrontRow) -> str:
    knobs = f"sparsity {row.sparsity}, granularity {row.granularity}, {row.weight_bits} bits"
    knobs += f", T {row.timesteps}"
    knobs += f", membranes of {row.state_bits} bits" if row.state_bits else ""
    knobs += f", network {row.network}" if row.network else ""
    return f"trial {row.trial} ({knobs})"


def print_spent(summary: Summary) -> None:
    """Print how the candidates ended, how good the run's predictions were, and what it spent."""
    counts, no_skill = summary.counts, summary.no_skill
    told = ", ".join(
        f"{counts[key]} {key.replace('_', ' ')}" for key in counts if key != "asked" and counts[key]
    )
    say(f"{counts['asked']} candidates: {told}")
    if no_skill.trained or no_skill.final:
        say(
            f"no better than always answering the largest class: {no_skill.trained} of those trained, and "
            f"{no_skill.final} of the final trainings; they are on no front"
        )
    _print_predictions(summary)
    _print_cost(summary.cost)
    if summary.arithmetic is not None and not summary.arithmetic.as_device:
        say(summary.arithmetic.words)


def _print_predictions(summary: Summary) -> None:
    """Print how good similarity was, what the front may lack, and what the audit found."""
    similarity, completion, audit = summary.similarity, summary.left, summary.audit
    if similarity.n:
        say(
            f"ticket similarity: rank correlation {similarity.spearman:.2f}, mean error {similarity.mae:.3f} "
            f"on {similarity.n} held-out candidates"
        )
    if completion.n:
        bounds = "" if completion.high is None else f", {completion.low} to {completion.high} at 95 %"
        say(
            f"left: {completion.n} candidates that were stopped or cut; the front is expected to lack "
            f"{completion.expected:.1f} of them{bounds} (a smaller search.finish trains on)"
        )
    if not audit.continued:
        say("audit: none of what was to be cut or stopped was drawn")
        return
    share = "" if audit.high is None else f" ({audit.low:.0%} to {audit.high:.0%} at 95 %)"
    say(
        f"audit: {audit.continued} of what was to be cut or stopped were trained all the same; "
        f"{audit.left} would have been permanently dropped, {audit.false_cuts} of these came to the front{share}"
    )


def _print_cost(cost: Spent) -> None:
    """Print what the run spent; how long its model took where that is known (as it was not in earlier versions)."""
    steps = cost.train_steps
    spent = f"training spent: {plain(steps / cost.dense_train_steps)} times the dense network's"
    if cost.wall_s is not None:
        spent += f", in {duration(cost.wall_s)}"
    if cost.model_s is not None and cost.model_steps is not None and steps:
        share = percent(cost.model_steps / steps)
        spent += f"; probes and model took {duration(cost.model_s)}, as long as {share} of it"
    say(spent)
