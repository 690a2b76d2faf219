"""How long recipes are trained in full."""

import json
from types import SimpleNamespace

from hwsearch.records.run_folder import RunFolder
from hwsearch.search.stages import finals
from hwsearch.search.stages.finals import finalise_until


def test_others_are_trained_for_as_long_as_none_is_accurate_enough(monkeypatch):
    enough, trained = {3}, []

    def finalise(context, chosen, tally):
        trained.append([record.trial for record in chosen])
        return SimpleNamespace(accurate_enough=lambda pick: enough & {record.trial for record in chosen})

    monkeypatch.setattr(finals, "finalise", finalise)
    context = SimpleNamespace(plan=SimpleNamespace(study=SimpleNamespace(pick=None)))
    records = [SimpleNamespace(trial=trial) for trial in range(5)]

    def more(tried):
        return next((record for record in records if record.trial not in tried), None)

    finalise_until(context, records[3:4], more)
    assert trained == [[3]]  # nothing more than the search's own finalists
    trained.clear()
    finalise_until(context, records[:2], more)
    assert trained == [[0, 1], [0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4]]  # ``more`` says when it ends


def test_progress_never_passes_its_total(finished):
    events = [json.loads(line) for line in RunFolder(finished).log.read_text().splitlines()]
    told = [
        (event["done"], event["total"]) for event in events if event["kind"] == "final" and event["total"]
    ]
    assert len(told) > 2
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert all(done <= total for done, total in told)
    assert told[-1][0] == told[-1][1]
