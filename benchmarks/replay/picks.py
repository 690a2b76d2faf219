"""How small is what is picked after a spend, and does it keep the tolerance? Replayed, with the final trainings.

    python -m benchmarks.replay.picks --work DIR --seeds 20
    python -m benchmarks.replay.picks --work DIR --contestants tpe --seeds 20 --budget 160
    python -m benchmarks.replay.picks --work DIR --contestants gp --seeds 12 --budget 20
    python -m benchmarks.replay.picks --work DIR --rule frugal --seeds 20
    python -m benchmarks.replay.picks --work DIR --table > benchmarks/results/picks.md

A contestant searches as in `contest`. Time and again it is looked at as if it ended there: what it offers goes into the
product's final race (`stages.race`), which trains anew for as long as that may change the pick. hwsearch offers its
finalists (`decide.finalists`); who trains in full offers the front of what it measured and the three most accurate of
the rest (`rivals_today` has more of those); `hwsearch_foretold` trains contenders for the pick alone (`final.others:
foretold`, `ends`). Search, final trainings and five of the dense network are charged, counted in full trainings. Of a
pick the true bytes and accuracy are kept, and how often 95 % intervals hold the truth. With ``--rule frugal`` costs are
energies in all of this, of the objectives too, and the rows go into files of their own. Picks that are too poor are
cheap: with ``--alike`` a table counts how many times the least that is truly as accurate as the pick each pick costs.
"""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t

from benchmarks.replay.baselines import CONTESTANTS
from benchmarks.replay.contest import read_runs
from benchmarks.replay.ends import dense_of, pick, pick_contenders
from benchmarks.replay.trainings import Offer, Step
from benchmarks.replay.world import COSTS, NAMES, World, load_world
from hwsearch.search.decide.finalists import can_foretell
from hwsearch.search.decide.front import non_dominated
from hwsearch.space.candidate import Candidate

RESERVES = 3
WITHIN = 0.01
EVERY = 5  # full trainings after which those are looked at that train in full
OFFERS = 4  # batches after which those are that do not
SPENT = (15, 20, 25, 30, 40, 60, 100, 150, 200)
Rows = Sequence[Mapping[str, Any]]  # the looks of a run
_FINAL = 2
_ROUNDED = 1e-5  # of what is kept of a loss
_KEYS = {"smallest": "bytes", "frugal": "energy_j"}  # of a row: what the pick costs
_FORETOLD = "_foretold"  # how a contestant's name ends whose end is `final.others: foretold`


def looks(world: World, steps: Iterator[Step | Offer]) -> Iterator[tuple[int, Offer]]:
    """Yield what was spent and what is offered, time and again."""
    spent, full, looked, offers = 0, dict[str, Step](), 0, 0
    for step in steps:
        if isinstance(step, Offer):
            offers += 1
            if offers % OFFERS == 0:
                yield spent, step
            continue
        spent += step.train_steps
        if step.rung == _FINAL:
            full[step.candidate.digest] = step
        if len(full) > 1 and spent >= (looked + 1) * EVERY * world.full_steps:
            looked = spent // (EVERY * world.full_steps)
            yield spent, Offer(_measured_front(list(full.values())))


def _measured_front(steps: Sequence[Step]) -> list[Candidate]:
    """Return the front of what was trained in full, and the most accurate of the rest."""
    on_front = non_dominated(np.array([(1 - s.accuracy, s.cost) for s in steps])).tolist()
    rest = sorted(
        (s for s, front in zip(steps, on_front, strict=True) if not front), key=lambda s: -s.accuracy
    )
    front = [s for s, front in zip(steps, on_front, strict=True) if front]
    return [s.candidate for s in (*front, *rest[:RESERVES])]


def run(world: World, name: str, seed: int, budget: float, within: float) -> dict[str, Any]:
    """Return what would be picked, time and again, of one contestant; the budget is of its search alone."""
    (best,), rows = world.truth([dense_of(world)], _FINAL), []
    for spent, offered in looks(world, CONTESTANTS[name](world, seed)):
        if offered.state is None or not can_foretell(offered.state):
            found = pick(world, offered.candidates, seed, within)
        else:
            foretell = name.endswith(_FORETOLD)
            found = pick_contenders(world, offered.state, seed, within, foretell=foretell)
        row: dict[str, Any] = {
            "search": round(spent / world.full_steps, 2),
            "spent": round((spent + found.steps) / world.full_steps, 2),
            "once": [sum(found.once), len(found.once)],
            "foretold": [sum(found.foretold), len(found.foretold)],
        }
        if found.candidate is not None and found.chance is not None:
            row[_KEYS[world.rule]] = float(world.cost_truth([found.candidate])[0])
            row["lost"] = round(float(best - world.truth([found.candidate], _FINAL)[0]), 5)
            row["chance"] = round(found.chance, 4)
        rows.append(row)
        if spent >= budget * world.full_steps:
            break
    return {"contestant": name, "seed": seed, "within": within, "rows": rows}


def sizes_table(world: World, runs: Sequence[Mapping[str, Any]], within: float) -> str:
    """Return the pick's cost over the least that exists, by what was spent: geometric means with 95 % intervals."""
    least = world.least_cost(float(world.truth([dense_of(world)], _FINAL)[0]) - within)
    words = f"has {least:,.0f} B" if world.rule == "smallest" else f"takes {least * 1e6:.2f} µJ"
    lines = [
        f"## {world.name}: the least that keeps {within:.1%} {words}\n",
        "| contestant | seeds | " + " | ".join(map(str, SPENT)) + " |",
        "|---|---|" + "---|" * len(SPENT),
    ]
    for name in dict.fromkeys(own["contestant"] for own in runs):
        own = [each["rows"] for each in runs if each["contestant"] == name]
        cells = [_share(own, limit, least) for limit in SPENT]
        lines.append(f"| {name} | {len(own)} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def paired_table(runs: Sequence[Mapping[str, Any]], rule: str = "smallest", ours: str = "hwsearch") -> str:
    """Return the cost of each rival's pick over that of ours, of the same seed and after the same spend."""
    what = "bytes" if rule == "smallest" else "energy"
    rows = {(own["contestant"], own["seed"]): own["rows"] for own in runs}
    lines = [
        f"| pick's {what} over {ours}'s | seeds | " + " | ".join(map(str, SPENT)) + " |",
        "|---|---|" + "---|" * len(SPENT),
    ]
    for name in dict.fromkeys(own["contestant"] for own in runs if own["contestant"] != ours):
        seeds = [seed for rival, seed in rows if rival == name and (ours, seed) in rows]
        cells = [_ratio([(rows[name, seed], rows[ours, seed]) for seed in seeds], limit) for limit in SPENT]
        lines.append(f"| {name} | {len(seeds)} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def alike(world: World, runs: Sequence[Mapping[str, Any]], within: float) -> list[dict[str, Any]]:
    """Return runs whose picks cost as many times the least that exists as they do that of their own true accuracy."""
    best, key = float(world.truth([dense_of(world)], _FINAL)[0]), _KEYS[world.rule]

    def scaled(row: Mapping[str, Any]) -> dict[str, Any]:
        if "lost" not in row:
            return dict(row)
        own = world.least_cost(best - row["lost"] - _ROUNDED)
        return {**row, key: row[key] * world.least_cost(best - within) / own}

    return [{**own, "rows": [scaled(row) for row in own["rows"]]} for own in runs]


def _share(runs: Sequence[Rows], limit: float, least: float) -> str:
    """Return a cell: of the last look of each run that had not spent more; in brackets how many had no pick."""
    if not _comes_to(runs, limit):
        return ""
    shares = [cost / least for rows in runs if (cost := _cost_at(rows, limit)) is not None]
    return _mean(shares, len(runs))


def _ratio(pairs: Sequence[tuple[Rows, Rows]], limit: float) -> str:
    """Return a cell: of the seeds where both have a pick; in brackets of how many seeds either has none."""
    if not all(_comes_to(runs, limit) for runs in zip(*pairs, strict=True)):
        return ""
    both = [(_cost_at(theirs, limit), _cost_at(ours, limit)) for theirs, ours in pairs]
    return _mean(
        [theirs / ours for theirs, ours in both if theirs is not None and ours is not None], len(pairs)
    )


def _comes_to(runs: Sequence[Rows], limit: float) -> bool:
    """Return whether runs go on long enough to be shown after so many trainings."""
    return max(row["spent"] for rows in runs for row in rows) >= 0.75 * limit


def _cost_at(rows: Rows, limit: float) -> float | None:
    """Return the cost of what is picked at the last look that had not spent more; None: nothing is."""
    last = next((row for row in reversed(rows) if row["spent"] <= limit), {})
    return next((last[key] for key in _KEYS.values() if key in last), None)


def _mean(values: Sequence[float], n: int) -> str:
    """Return a geometric mean with its interval (Student's), of three at least, and how many of n are missing."""
    if len(values) < 2:
        return ""
    logs, text = np.log(values), ""
    if len(logs) > 2:
        half = float(t.ppf(0.975, len(logs) - 1)) * logs.std(ddof=1) / np.sqrt(len(logs))
        text = f" [{np.exp(logs.mean() - half):.2f}, {np.exp(logs.mean() + half):.2f}]"
    return f"{np.exp(logs.mean()):.2f}{text}" + (f" ({n - len(logs)})" if n > len(logs) else "")


def honesty_table(runs: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return how often picks are worse than they may be, beside what is stated, and how intervals hold."""
    lines = [
        "| world | contestant | picks | worse than allowed | stated, in the mean | trained once | interval holds "
        "| foretold | interval holds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for world, all_runs in runs.items():
        for name in dict.fromkeys(own["contestant"] for own in all_runs):
            rows = [row for own in all_runs if own["contestant"] == name for row in own["rows"]]
            picks = [row for row in rows if "lost" in row]
            within = all_runs[0]["within"]
            held, once = np.sum([row["once"] for row in rows], axis=0)
            below = np.mean([row["lost"] > within for row in picks])
            stated = np.mean([row["chance"] for row in picks])
            # intervals are for what hwsearch offers: others offer poor networks, which the product never sees
            holds = f"{once} | {held / once:.1%}" if name.startswith("hwsearch") else " | "
            told_held, told = np.sum([row.get("foretold", [0, 0]) for row in rows], axis=0)
            foretold = f"{told} | {told_held / told:.1%}" if told else " | "
            lines.append(
                f"| {world} | {name} | {len(picks)} | {below:.1%} | {stated:.1%} | {holds} | {foretold} |"
            )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True, help="folder of worlds and runs so far")
    parser.add_argument("--worlds", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--contestants", nargs="+", default=["hwsearch"])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--budget", type=float, default=8, help="of the search alone, in full trainings")
    parser.add_argument("--rule", choices=COSTS, default="smallest", help="of the pick")
    parser.add_argument("--within", type=float, default=WITHIN, help="the tolerance")
    parser.add_argument("--also", nargs="*", default=["benchmarks.replay.ours"])
    parser.add_argument("--table", action="store_true", help="print what the runs so far show")
    parser.add_argument("--alike", action="store_true", help="against the least as accurate as the pick")
    args = parser.parse_args()
    for module in args.also:
        importlib.import_module(module)
    found: dict[str, list[dict[str, Any]]] = {}
    ending = "" if args.rule == "smallest" else f"-{args.rule}"
    for name in args.worlds:
        path = args.work / f"picked-{name.replace('/', '-')}{ending}.jsonl"
        world = load_world(name, args.work, args.rule)
        if args.table:
            found[name] = [own for own in read_runs(path) if own["within"] == args.within]
            runs = alike(world, found[name], args.within) if args.alike else found[name]
            print(sizes_table(world, runs, args.within))
            print(paired_table(runs, args.rule))
            continue
        for contestant in args.contestants:
            for seed in range(args.seeds):
                asked = (contestant, seed, args.within)
                if asked in {(own["contestant"], own["seed"], own["within"]) for own in read_runs(path)}:
                    continue
                line = json.dumps(run(world, contestant, seed, args.budget, args.within))
                with path.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")
            print(f"{name} {contestant}", flush=True)
    if args.table:
        print(honesty_table(found))


if __name__ == "__main__":
    main()
