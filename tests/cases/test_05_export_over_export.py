"""An export over another leaves nothing of it, and files of two models never verify."""

import json
from hashlib import sha256

import pandas as pd


def test_the_second_export_is_all_that_is_there(case):
    assert case.hwsearch("run", "s.yaml", "--out", "run", "--workers", "1").returncode == 0
    trials = pd.read_csv(case.folder / "run/trials.csv").query("outcome == 'trained'")["trial"]
    first, second = trials[:2]
    assert case.hwsearch("export", "run", "--trial", first, "--to", "model").returncode == 0
    config = (case.folder / "model/config.yaml").read_bytes()
    done = case.hwsearch("export", "run", "--trial", second, "--to", "model", "--format", "weights")
    assert done.returncode == 0
    assert not (case.folder / "model/config.yaml").exists()
    verified = case.hwsearch("verify", "model")
    assert verified.returncode == 0
    assert f"trial {second}" in verified.stdout
    # as an earlier hwsearch left it
    (case.folder / "model/config.yaml").write_bytes(config)
    manifest = json.loads((case.folder / "model/manifest.json").read_text())
    manifest["files"]["config.yaml"] = {"bytes": len(config), "sha256": sha256(config).hexdigest()}
    (case.folder / "model/manifest.json").write_text(json.dumps(manifest))
    mixed = case.hwsearch("verify", "model")
    assert mixed.returncode == 2
    assert f"FAIL one model: trial {first} in config.yaml, {second} in the manifest" in mixed.stdout
