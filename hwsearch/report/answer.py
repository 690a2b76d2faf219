"""The answer in words: what the pick saves and what it risks, against the dense reference. Decides nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hwsearch.records.front import DenseRow, FrontRow, NetworkRow
from hwsearch.report.confusion import class_names
from hwsearch.report.front.tolerance import why_nothing_is_picked
from hwsearch.report.layers import knobs
from hwsearch.report.quantities import UNKNOWN, count, score_words, spell, times, title
from hwsearch.report.recall import chance_on_test, warnings
from hwsearch.report.tables import RunTables

_HOW = {"memory_bytes": "counted: stored file, state, buffers", "synaptic_ops": "counted: spikes"}
_COMPARED = ("memory_bytes", "weight_bytes", "state_bytes", "synaptic_ops", "energy_j", "latency_s")


@dataclass(frozen=True)
class Compared:
    """One line of the table of the pick and the dense reference.

    Attributes:
        name: The quantity.
        pick, dense: Their values, spelt.
        change: The pick against the dense reference, in words.
        how: How the number came about.
    """

    name: str
    pick: str
    dense: str
    change: str
    how: str


def interval(row: NetworkRow, name: str = "accuracy_test") -> str:
    """Return an accuracy with its 95 % interval: ``97.2 % (95.0 to 98.5)``."""
    low, high = row.number(f"{name}_low"), row.number(f"{name}_high")
    text = spell(name, row.number(name))
    if low is None or high is None or text == UNKNOWN:
        return text
    return f"{text} ({100 * low:.1f} to {100 * high:.1f})"


def references(tables: RunTables) -> str:
    """Say how accurate each dense network is, where there are several to choose from; else nothing."""
    rows = tables.summary.references
    if not rows:
        return ""
    told = [_reference(row, yardstick=row.network == tables.summary.dense.network) for row in rows]
    return f"Dense networks to choose from: {'; '.join(told)}."


def _reference(row: DenseRow, *, yardstick: bool) -> str:
    """Return one dense network in words; yardstick: whether losses are counted from it."""
    said = f"{row.network} {spell('accuracy_val', row.number('accuracy_val'))} on validation"
    if row.number("accuracy_test") is not None:
        said += f", {interval(row)} on test"
    said += f", {spell('memory_bytes', row.number('memory_bytes'))}"
    return f"{said} (the dense reference here: losses are counted from it)" if yardstick else said


def headline(tables: RunTables) -> str:
    """Return the answer in one sentence."""
    pick, dense = tables.summary.pick, tables.summary.dense
    if pick is None and not tables.front:
        miss = (
            tables.summary.nearest_miss
            or "nothing fits: no candidate keeps every budget and could be trained"
        )
        return f"{miss[0].upper()}{miss[1:].removesuffix('.')}."
    if pick is None:
        best, full = max((row.score or 0.0 for row in tables.trained_front), default=0.0), dense.score
        return (
            f"Nothing was picked: {why_nothing_is_picked(tables)}. The best reaches "
            f"{spell('accuracy_val', best)} on validation, the dense reference {spell('accuracy_val', full)}."
        )
    tested = pick.number("accuracy_test") is not None
    accuracy = f"{interval(pick)} on test" if tested else f"{interval(pick, 'accuracy_val')} on validation"
    if pick.score_test is not None:
        accuracy = f"a {score_words(tables.summary.score)} of {interval(pick, 'score_test')} on test"
    parts = [f"The picked model keeps {accuracy}"]
    parts += [_saving(dense, pick, "memory_bytes", "of memory")]
    price = "energy_j" if pick.number("energy_j") is not None else "synaptic_ops"
    parts += [
        _saving(
            dense, pick, price, "an inference" if price == "energy_j" else "synaptic operations an inference"
        )
    ]
    said = [part for part in parts if part]
    return (f"{said[0]} and needs {' and '.join(said[1:])}" if len(said) > 1 else said[0]) + "."


def _saving(dense: DenseRow, pick: FrontRow, name: str, noun: str) -> str:
    """Return ``1.9 KiB of memory instead of 18.4 KiB (9.7 times smaller)``."""
    need, before = pick.number(name), dense.number(name)
    if need is None:
        return ""
    change = times(before, need, *_words(name))
    instead = (
        f" instead of {spell(name, before)}" + (f" ({change})" if change else "")
        if before is not None
        else ""
    )
    return f"{spell(name, need)} {noun}{instead}"


def _words(name: str) -> tuple[str, str]:
    """Return what more and less of a quantity are called."""
    if name.endswith("_bytes"):
        return "larger", "smaller"
    return ("slower", "faster") if name == "latency_s" else ("more", "less")


def risks(tables: RunTables) -> list[str]:
    """Return what the pick risks, one sentence or two each."""
    summary = tables.summary
    if summary.pick is None:
        return []
    said = _score_risk(summary.dense, summary.pick, score_words(summary.score))
    said += _accuracy_risk(summary.dense, summary.pick, summary.samples.test)
    said += _drop(summary.pick)
    said += warnings(summary.pick, chance_on_test(summary), summary.score, class_names(tables.recalls))
    estimated = {
        title(n).lower(): how for n, how in summary.labels.items() if summary.pick.number(n) is not None
    }
    if estimated:
        listed = "; ".join(f"{name}: {how}" for name, how in estimated.items())
        said.append(f"How the device's numbers came about: {listed}.")
    unknown = [title(n).lower() for n in ("energy_j", "latency_s") if summary.pick.number(n) is None]
    if unknown:
        said.append(f"Not known for this device: {' and '.join(unknown)}. It is not zero.")
    if lost := summary.pick.width_loss.words:
        said.append(f"The picked network meets the device's widths: {lost}. Its accuracy has this in it.")
    if summary.arithmetic is not None and not summary.arithmetic.as_device:
        said.append(summary.arithmetic.words)
    return said


def _drop(pick: FrontRow) -> list[str]:
    """Return how far validation flattered the pick, and what its other seeds reached."""
    said = []
    val, test = pick.number("accuracy_val"), pick.number("accuracy_test")
    if val is not None and test is not None and val - test > 0.005:
        said.append(
            f"On the validation samples, by which it was picked, it reached {spell('accuracy_val', val)}; "
            f"believe the test figure."
        )
    handed_over, seeds = pick.number("accuracy_test_own"), pick.seeds or 0
    if handed_over is not None and seeds == 1 and pick.evidence is not None and " of " in pick.evidence:
        said.append(
            "Its accuracies rest on one training; `hwsearch front DIR --confirm` trains it with every fresh seed."
        )
    if handed_over is not None and seeds > 1:
        sd = pick.number("accuracy_test_sd")
        spread = "" if sd is None else f", standard deviation {100 * sd:.1f} points"
        said.append(
            f"Accuracies are means of {seeds} trainings with fresh seeds{spread}. The network that is handed over, "
            f"the one that lost least on validation, reaches {spell('accuracy_test', handed_over)} on test itself."
        )
    return said


def _score_risk(dense: DenseRow, pick: FrontRow, what: str) -> list[str]:
    """Return what the pick loses of the study's score, where that is another than accuracy."""
    ours, theirs = pick.number("score_test"), dense.number("score_test")
    if ours is None or theirs is None:
        return []
    lost = 100 * (theirs - ours)
    word = "below" if lost > 0 else "above"
    text = f"Its {what} on test is {abs(lost):.1f} points {word} the dense reference's"
    bounds = _difference(dense, pick, "score_test")
    if bounds is None:
        return [f"{text}."]
    return [f"{text} (95 % interval of the loss: {_signed(100 * bounds[0])} to {_signed(100 * bounds[1])})."]


def _accuracy_risk(dense: DenseRow, pick: FrontRow, n_test: int | None) -> list[str]:
    ours, theirs = pick.number("accuracy_test"), dense.number("accuracy_test")
    if ours is None or theirs is None:
        return ["The test split was not looked at for both, so the loss of accuracy is not known."]
    lost = 100 * (theirs - ours)
    among = (
        f" on {count(n_test)} test samples ({abs(round((theirs - ours) * n_test))} samples)"
        if n_test
        else " on test"
    )
    if abs(lost) < 0.05:
        text = f"It is as accurate as the dense reference{among}."
    else:
        word = "less" if lost > 0 else "more"
        text = f"It is {abs(lost):.1f} points {word} accurate than the dense reference{among}."
    bounds = _difference(dense, pick)
    if bounds is None:
        return [text]
    worst, best = 100 * bounds[1], 100 * bounds[0]
    chance = " The difference may be chance." if best < 0 < worst else ""
    return [
        f"{text} With 95 % confidence it loses at most {max(0.0, worst):.1f} points"
        f" (interval of the loss: {_signed(best)} to {_signed(worst)}).{chance}"
    ]


def _difference(dense: DenseRow, pick: FrontRow, name: str = "accuracy_test") -> tuple[float, float] | None:
    """Return the 95 % interval of dense minus pick accuracy (or score), as if on separate samples (the careful side).

    d - sqrt((p1 - l1)^2 + (u2 - p2)^2)  to  d + sqrt((u1 - p1)^2 + (p2 - l2)^2)

    Source: Newcombe 1998, Statistics in Medicine 17, method 10.
    """
    ends = (name, f"{name}_low", f"{name}_high")
    p1, l1, u1 = (dense.number(end) for end in ends)
    p2, l2, u2 = (pick.number(end) for end in ends)
    if p1 is None or l1 is None or u1 is None or p2 is None or l2 is None or u2 is None:
        return None
    return p1 - p2 - math.hypot(p1 - l1, u2 - p2), p1 - p2 + math.hypot(u1 - p1, p2 - l2)


def _signed(points: float) -> str:
    return f"{points:+.1f}".replace("-", "\N{MINUS SIGN}")


def comparison(tables: RunTables) -> list[Compared]:
    """Return the pick against the dense reference, a line a quantity; none without a pick."""
    summary = tables.summary
    if summary.pick is None:
        return []
    pick, dense = summary.pick, summary.dense
    lines = []
    seeds = pick.seeds or 1
    mean = f", mean of {seeds} trainings" if seeds > 1 else ""
    tested = ("accuracy_test", "integer model, 95 % interval")
    measures = [tested, ("accuracy_val", f"integer model{mean}")]
    if pick.score_val is not None:
        measures = [(name.replace("accuracy", "score"), how) for name, how in measures] + measures
    for name, how in measures:
        ours, theirs = pick.number(name), dense.number(name)
        change = "" if ours is None or theirs is None else f"{_signed(100 * (ours - theirs))} points"
        lines.append(
            Compared(_measure(name, summary.score), interval(pick, name), interval(dense, name), change, how)
        )
    for name in _COMPARED:
        ours, theirs = pick.number(name), dense.number(name)
        words = times(theirs, ours, *_words(name))
        how = summary.labels.get(name, _HOW.get(name, ""))
        lines.append(Compared(title(name), spell(name, ours), spell(name, theirs), words, how))
    lines.append(Compared("Network", knobs(pick), _dense_knobs(dense), "", ""))
    return lines


def _measure(name: str, score: str) -> str:
    """Return what an accuracy or a score is called."""
    if not name.startswith("score"):
        return title(name)
    return f"{'Test' if name == 'score_test' else 'Validation'} {score_words(score)}"


def _dense_knobs(dense: DenseRow) -> str:
    bits, steps = dense.weight_bits, dense.timesteps
    parts = (
        ["nothing removed"]
        + ([f"{bits} bits"] if bits else [])
        + ([f"T\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{steps}"] if steps else [])
    )
    return ", ".join(parts)
