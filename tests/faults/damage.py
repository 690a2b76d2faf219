"""Damage cached results in every way, go on with the run, and hold it against an undisturbed one.

python tests/faults/damage.py [--count 60] [--seed 0] [--finders magnitude,iterative,...]

For each finder a small search runs undisturbed, and once it is broken off in the middle. Then, again and again: some
cached files of a copy are damaged (bytes flipped anywhere or in the header, cut, emptied, numbers edited, swapped with
another file), the copy goes on, and its trials.csv and front.csv must be those of the undisturbed run (but for the
clock). Every damaged file that was read must be named in the log. Prints the seed, each case, and a table by kind of
file; exit 1 where something was believed.
"""

import argparse
import collections
import json
import random
import re
import shutil
import sys
import tempfile
from pathlib import Path

import pandas as pd

import hwsearch

STUDY = """
name: damaged
seed: 0
data: {name: digits, train_size: 200}
network: {layers: fc16-fc12, batch_norm: true}
space: {sparsity: [0.5, 0.75], granularity: [weight, channel], weight_bits: [2, 4, 8], timesteps: [2]}
device: {profile: nrf51822_microbit, budgets: {memory_bytes: 3000}}
objectives: [error, memory_bytes]
train: {dense_epochs: 9, epochs: 9, dense_learning_rate: 0.01, learning_rate: 0.01}
tickets: {finder: FINDER}
search: {candidates: 8, batch: 4, stack: 4}
final: {seeds: 1}
pick: {within: 0.5}
"""
FINDERS = ("magnitude", "iterative", "early_time", "early_bird", "multi_prize")


class Stopped(Exception):
    """Raised in the middle of a search."""


def flip(path, draw, _):
    """Change some bytes anywhere."""
    data = bytearray(path.read_bytes())
    for _ in range(draw.choice((1, 1, 2, 8))):
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    path.write_bytes(data)


def flip_header(path, draw, _):
    """Change a byte of the header, its length included."""
    data = bytearray(path.read_bytes())
    data[draw.randrange(min(len(data), 8 + int.from_bytes(data[:8], "little")))] = draw.randrange(256)
    path.write_bytes(data)


def edit(path, draw, _):
    """Change a digit of a number in the header, so that it still reads."""
    data = path.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    places = [match.start() for match in re.finditer(rb"[0-9]", data[8:end])]
    place = 8 + draw.choice(places)
    path.write_bytes(data[:place] + str(draw.randrange(10)).encode() + data[place + 1 :])


def cut(path, draw, _):
    """Leave the first bytes only."""
    data = path.read_bytes()
    path.write_bytes(data[: draw.randrange(len(data))])


def empty(path, draw, _):
    """Leave nothing in it."""
    path.write_bytes(b"")


def noise(path, draw, _):
    """Put other bytes in its place."""
    path.write_bytes(draw.randbytes(len(path.read_bytes())))


def swap(path, draw, others):
    """Swap it with another file of its kind, or of any."""
    alike = [other for other in others if kind_of(other) == kind_of(path) and other != path]
    other = draw.choice(alike or others)
    first, second = path.read_bytes(), other.read_bytes()
    path.write_bytes(second)
    other.write_bytes(first)


WAYS = (flip, flip_header, edit, cut, empty, noise, swap)


def kind_of(path):
    """Return the kind of a cached file."""
    return path.name.partition("-")[0] + ("-floats" if "-floats" in path.name else "")


def tables(folder):
    """Return trials.csv and front.csv without the clock."""
    frames = [
        pd.read_csv(folder / name, dtype=str, keep_default_na=False) for name in ("trials.csv", "front.csv")
    ]
    return [frame.drop(columns="wall_s", errors="ignore") for frame in frames]


def same(expected, found):
    """Return whether a column is as expected: to the last digit, but for predictions, which are sums over a batch."""
    if expected.name != "similarity":
        return expected.equals(found)
    first, second = (pd.to_numeric(column, errors="coerce") for column in (expected, found))
    return bool(((first - second).abs().fillna(0.0) < 1e-9).all() and (first.isna() == second.isna()).all())


def broken_off(study, out, at):
    """Run a study until an event at which it is broken off; to its end where there is none."""

    def listen(event):
        if (event.kind, event.done) == at:
            raise Stopped

    try:
        hwsearch.run(study, out=out, listen=listen)
    except Stopped:
        return


def begun(work, finder):
    """Run a finder's study to its end, and once to its middle; return both folders and the study."""
    study = work / f"{finder}.yaml"
    study.write_text(STUDY.replace("FINDER", finder))
    whole, stopped = work / f"{finder}_whole", work / f"{finder}_stopped"
    broken_off(study, whole, None)
    broken_off(study, stopped, ("candidates", 4))
    return whole, stopped, study


def damage(folder, draw):
    """Damage some cached files; return what was done to which."""
    done = {}
    for _ in range(draw.choice((2, 4, 8))):
        files = sorted((folder / "cache").glob("*.safetensors"))
        path, way = draw.choice(files), draw.choice(WAYS)
        before = {file: file.read_bytes() for file in files}
        if path.name in done or not before[path]:
            continue
        way(path, draw, [file for file in files if file.name not in done and before[file]])
        done |= {file.name: way.__name__ for file in files if file.read_bytes() != before[file]}
    return done


def named(folder, since):
    """Return the files that the log names as damaged, from a line on."""
    lines = (folder / "log.jsonl").read_text().splitlines()[since:]
    texts = [json.loads(line)["text"] for line in lines]
    return {text.split()[0] for text in texts if "in the cache is damaged" in text}


def case(work, whole, stopped, study, draw):
    """Damage a copy, go on with it; return what was damaged, which of it was named, and what differs."""
    run = work / "run"
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(draw.choice((whole, stopped)), run)
    if (run / "summary.json").exists():  # the answer is made anew, and everything is looked up again
        (run / "summary.json").unlink()
    done, since = damage(run, draw), len((run / "log.jsonl").read_text().splitlines())
    damaged = {name: (run / "cache" / name).read_bytes() for name in done}
    hwsearch.run(study, out=run)
    wrong = []
    for kind, expected, found in zip(("trials.csv", "front.csv"), tables(whole), tables(run), strict=True):
        columns = [c for c in expected if c not in found or not same(expected[c], found[c])]
        if columns:
            wrong.append(f"{kind} differs in {', '.join(columns)}")
    told = named(run, since)
    believed = {
        name for name in done
        if name not in told and (run / "cache" / name).exists() and (run / "cache" / name).read_bytes() != damaged[name]
    }  # fmt: skip
    wrong += [f"{name} was written anew without a word" for name in believed]
    wrong += [f"{name} was not damaged" for name in told - set(done)]
    return done, told, wrong


def main():
    """Damage, and print what came of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--finders", default=",".join(FINDERS))
    asked = parser.parse_args()
    finders = asked.finders.split(",")
    draw, kinds, bad = random.Random(asked.seed), collections.Counter(), 0
    named_kinds, ways = collections.Counter(), collections.Counter()
    print(f"seed {asked.seed}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        runs = {finder: begun(work, finder) for finder in finders}
        for number in range(asked.count):
            finder = finders[number % len(finders)]
            done, told, wrong = case(work, *runs[finder], draw)
            for file, way in done.items():
                kinds[kind_of(Path(file))] += 1
                ways[way] += 1
                named_kinds[kind_of(Path(file))] += file in told
            bad += bool(wrong)
            words = ", ".join(
                f"{way} {file}{'' if file in told else ' (not read)'}" for file, way in done.items()
            )
            print(f"{number:4} {finder}: {words}: {'; '.join(wrong) or 'as undisturbed'}", flush=True)
    print(f"{'kind':14}{'damaged':>8}{'read and named':>15}")
    for kind in sorted(kinds):
        print(f"{kind:14}{kinds[kind]:8}{named_kinds[kind]:15}")
    print(", ".join(f"{way} {n}" for way, n in sorted(ways.items())))
    print(f"{asked.count} resumed runs: {bad} wrong")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
