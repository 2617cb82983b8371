from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.events.event_settings import EventSettings
from leadops.events.quarantine import count_quarantine, list_quarantine, show_detail
from tests.async_view import accept_events


def test_lists_newest_first_by_reason_and_age(
    connection: Connection, settings: EventSettings, now: datetime
) -> None:
    accept_events(connection, [{}, 5], now=now, settings=settings)
    accept_events(connection, [{"x": 1}, {}], now=now + timedelta(hours=1), settings=settings)
    assert [one.body for one in list_quarantine(connection, reason="missing_field")] == ['{"x": 1}', "{}"]
    assert [one.body for one in list_quarantine(connection, since=now + timedelta(minutes=1))] == ['{"x": 1}']
    assert len(list_quarantine(connection, limit=1)) == 1
    assert list_quarantine(connection, state="admitted") == []
    newest = list_quarantine(connection)[0].quarantine_id
    assert [one.body for one in list_quarantine(connection, before=newest)] == ["5", "{}"]
    assert [one.body for one in list_quarantine(connection, before=newest, limit=1)] == ["5"]


def test_what_to_change_names_nobody() -> None:
    detail = "email ann@buyers.example of Ann Smith, tel. 090-1234-5678, is no address"
    assert show_detail(detail) == "email [e-mail] of Ann Smith, tel. [phone], is no address"
    body = '{"email": "ann@buyers.example", "properties": {"name": "Ann Smith"}}'
    assert show_detail(detail, body) == "email [e-mail] of […], tel. [phone], is no address"
    assert len(show_detail("word " * 100)) <= 300


def test_counts_each_arrival(connection: Connection, settings: EventSettings, now: datetime) -> None:
    accept_events(connection, [{}, 5, {}, {"x": 1}], now=now, settings=settings)
    counts = {one.reason: (one.state, one.items, one.times) for one in count_quarantine(connection)}
    assert counts == {"missing_field": ("waiting", 2, 3), "not_an_object": ("waiting", 1, 1)}
