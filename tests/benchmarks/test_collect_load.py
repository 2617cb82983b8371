import json
from datetime import UTC, datetime

from benchmarks.collect_load import make_calls
from leadops.events.validate_event import ValidItem, validate_item
from tests.shipped import SHIPPED


def test_every_event_of_the_load_is_valid_unchanged_and_has_an_id_of_its_own() -> None:
    now = datetime.now(UTC)
    single, batch, again = make_calls(1), make_calls(3), make_calls(3)
    bodies = [single(0), single(0), batch(0), again(0)]
    parsed = [json.loads(body) for body, _ in bodies]
    assert [len(sent) for sent in parsed[2:]] == [3, 3]
    events = [*parsed[:2], *parsed[2], *parsed[3]]
    assert len({event["event_id"] for event in events}) == 8
    for event in events:
        verdict = validate_item(event, now=now, arrived_at=now, settings=SHIPPED.events, history=False)
        assert isinstance(verdict, ValidItem)
        assert verdict.changes == []
