"""How far final trainings are."""

import json

from hwsearch.records.run_folder import RunFolder


def test_progress_never_passes_its_total(finished):
    events = [json.loads(line) for line in RunFolder(finished).log.read_text().splitlines()]
    told = [
        (event["done"], event["total"]) for event in events if event["kind"] == "final" and event["total"]
    ]
    assert len(told) > 2
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert all(done <= total for done, total in told)
    assert told[-1][0] == told[-1][1]
