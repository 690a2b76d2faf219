"""Values of an export as YAML that reads back as they were."""

from ruamel.yaml import YAML

from hwsearch.export.yaml_text import yaml_text


def test_keys_keep_their_order_and_values_their_types():
    values = {"b": [1, 2.5, None, True], "a": {"text": "1e-12", "empty": []}}
    text = yaml_text(values)
    assert text.startswith("b:\n- 1\n")
    assert YAML(typ="safe").load(text) == values
