"""Every module is tested by a file of its name, or listed with where it is tested."""

import by_name


def test_no_module_is_without_a_test():
    assert sorted(set(by_name.without()) - set(by_name.elsewhere())) == []


def test_no_entry_is_out_of_date():
    listed = by_name.elsewhere()
    assert sorted(set(listed) - set(by_name.without())) == []
    assert [place for place in listed.values() if not (by_name.ROOT / place).is_file()] == []


def test_names_by_hand():
    assert by_name.test_of("hwsearch/cli.py") == "tests/test_cli.py"
    assert by_name.test_of("hwsearch/search/decide/front.py") == "tests/search/decide/test_front.py"
    assert by_name.test_of("hwsearch/study/__init__.py") == "tests/test_study.py"
    assert by_name.test_of("hwsearch/__init__.py") == "tests/test_hwsearch.py"
    assert "hwsearch/errors.py" in by_name.modules()
    assert "hwsearch/report/__init__.py" not in by_name.modules()
