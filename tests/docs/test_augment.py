"""What docs/study.md shows of moved images is a study."""

import re
from pathlib import Path

from builders.studies import changed, load
from ruamel.yaml import YAML

PAGE = (Path(__file__).parents[2] / "docs" / "study.md").read_text(encoding="utf-8")


def test_its_keys_are_a_study(tmp_path):
    (text,) = re.findall(r"```yaml\n(train:.*?)```", PAGE, re.S)
    study = load(tmp_path, changed("seed", 0) | YAML(typ="safe", pure=True).load(text))
    assert (study.train.augment.shift, study.train.augment.flip) == (2, "horizontal")
