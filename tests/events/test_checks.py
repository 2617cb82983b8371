"""The checks on the CDP, on refused events and on quiet sites."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from leadops.db import Connection
from leadops.incidents.check import CdpReading
from leadops.incidents.run_checks import CheckResult
from tests.alerts.checking import clock, incidents, look, shown, slack, slack_server

__all__ = ["clock", "look", "slack", "slack_server"]


def fire_nothing(connection: Connection, now: datetime) -> None:
    """The CDP is asked over HTTP: what it answers is no row."""


def fire_refused(connection: Connection, now: datetime) -> None:
    refuse(connection, now - timedelta(minutes=10), 20)


def fire_old(connection: Connection, now: datetime) -> None:
    refuse(connection, now - timedelta(days=3, seconds=1), 1)


def fire_quiet(connection: Connection, now: datetime) -> None:
    hold_counts(connection, now, since=now - timedelta(weeks=4, hours=1))
    for week in range(1, 5):
        count(connection, now - timedelta(weeks=week, minutes=30), 20)


def fire_wrong_key(connection: Connection, now: datetime) -> None:
    turn_away(connection, [now - timedelta(minutes=minutes) for minutes in (15, 10, 5)])


#: For each check, rows with which every kind that it feeds fires.
SCENES = {
    "cdp": fire_nothing,
    "refused_events": fire_refused,
    "old_quarantine": fire_old,
    "wrong_keys": fire_wrong_key,
    "quiet_sites": fire_quiet,
}

SITE = "www.example.com"


def refuse(
    connection: Connection,
    at: datetime,
    items: int,
    *,
    site: str = SITE,
    reason: str = "invalid_ts",
    detail: str = "ts must be a time with its zone",
) -> None:
    """Put items of `site` into the quarantine."""
    item = {"email": "ann@secret.example", "context": {"page": f"https://{site}/pricing?a=1"}}
    rows = [
        [at, reason, detail, json.dumps({"event_id": f"{at} {reason} {number}"} | item)]
        for number in range(items)
    ]
    connection.cursor().executemany(
        "insert into cdp.quarantine (received_at, reason, detail, body, proof)"
        " values (%s, %s, %s, %s, 'claim')",
        rows,
    )


def accept(connection: Connection, at: datetime, events: int, *, site: str = SITE, **flags: bool) -> None:
    """Store accepted events of `site`."""
    connection.execute(
        "insert into cdp.events (event_id, event, ts, received_at, payload, is_history, was_refused,"
        " proof) select gen_random_uuid()::text, 'page_view', %(at)s, %(at)s,"
        " jsonb_build_object('context', jsonb_build_object('page', 'https://' || %(site)s::text || '/')),"
        " %(history)s, %(admitted)s, 'claim' from generate_series(1, %(events)s)",
        {"at": at, "site": site, "events": events, "history": False, "admitted": False} | flags,
    )


def count(connection: Connection, at: datetime, events: int, *, site: str = SITE) -> None:
    """Note events of `site` as counted."""
    connection.execute(
        "insert into cdp.site_traffic values (%s, date_bin('5 minutes', %s, '2000-01-01 00:00:00+00'), %s)",
        [site, at, events],
    )


def turn_away(connection: Connection, times: list[datetime], *, key: str = "_1f3a9c07") -> None:
    """Count a refused call with a wrong key at each of these times."""
    for at in times:
        connection.execute("insert into cdp.refused_calls values (%s, %s, 1)", [at, f"collect_bad_key{key}"])


def hold_counts(connection: Connection, now: datetime, *, since: datetime) -> None:
    """Let the counts reach from `since` to the last whole five minutes."""
    connection.execute("delete from cdp.traffic_progress")
    connection.execute("insert into cdp.traffic_progress values (%s, %s)", [since, now])


def test_a_lag_opens_once_remembers_its_worst_and_ends_when_good_news_lasts(connection, look, clock):
    assert look(lag=5.0).opened == 0
    assert look(lag=5.1).opened == 1
    assert look(1, lag=9.0).opened == 0
    for lag in (4.0, 2.0, 4.0, 2.0, 5.5, 2.0):
        assert look(1, lag=lag).resolved == 0, "it flaps"
    good_since = clock()
    look(2, lag=1.0)
    assert look(1, lag=0.0) == CheckResult(0, 1, 0, 0)
    (incident,) = incidents(connection)
    assert incident.facts["worst"] == 9.0
    assert incident.resolved_at == good_since
    assert look(1, lag=6).opened == 1, "another one"


def test_the_age_of_the_answer_is_part_of_the_lag(connection, look, clock):
    old = CdpReading(minutes_lag=2.0, as_of=clock() - timedelta(minutes=4))
    assert look(cdp=old).opened == 1
    assert incidents(connection)[0].facts["minutes"] == 6.0


def test_a_cdp_that_stays_silent_is_unreachable_since_its_last_answer(connection, look, clock):
    look(lag=6.0)
    last = clock()
    silent = CdpReading(reason="GET /metrics/lag: no connection for me@example.com")
    assert look(1, cdp=silent).opened == 0, "one missed answer is nothing"
    assert look(1, cdp=silent).opened == 1
    lag, unreachable = incidents(connection)
    assert unreachable.opened_at == last
    assert "no connection for [e-mail]" in shown(unreachable)
    look(10, cdp=silent)
    assert incidents(connection)[0].is_open, "nobody knows about the lag"
    look(1, lag=0.0)
    assert look(4, lag=0.0).resolved == 2
    assert lag.kind == "cdp_lag"


def test_without_a_reading_the_cdp_is_left_alone(connection, look, clock):
    look(lag=6.0)
    assert look(60) == CheckResult(0, 0, 1, 1)


@pytest.mark.parametrize(
    ("refused", "accepted", "opened"),
    [(19, 0, 0), (20, 0, 1), (20, 180, 1), (20, 181, 0), (500, 4500, 1), (500, 4501, 0)],
)
def test_twenty_events_and_a_tenth_of_a_site_are_an_incident(
    connection: Connection, look: Any, clock: Any, refused: int, accepted: int, opened: int
) -> None:
    look()
    refuse(connection, clock(), refused)
    accept(connection, clock(), accepted)
    accept(connection, clock(), 20_000, site="shop.example.com")  # another site does not hide it
    assert look(6).opened == opened


def test_refused_events_are_reported_by_site_with_reason_and_example_and_without_personal_data(
    connection, look, clock
):
    look()
    refuse(connection, clock(), 30, detail="ts of ann@secret.example must be a time")
    refuse(connection, clock(), 11, reason="wrong_type")
    refuse(connection, clock(), 900, reason="known_bot")
    refuse(connection, clock(), 25, site="shop.example.com")
    accept(connection, clock(), 9)
    accept(connection, clock(), 100, history=True)
    accept(connection, clock(), 100, admitted=True)
    assert look(6).opened == 2
    second, first = incidents(connection)  # by their names
    assert (first.subject, second.subject) == (SITE, "shop.example.com")
    for line in (
        "41 of 50 events of www.example.com refused in 1 h 0 min",
        "82 %; most often invalid_ts (30)",
        "for example no. 30: ts of [e-mail] must be a time",
    ):
        assert line in shown(first)
    assert "secret" not in str(first.facts)
    assert "25 of 25 events of shop.example.com" in shown(second)


def test_refused_events_end_when_they_are_handled_or_an_hour_old(connection, look, clock):
    look()
    refuse(connection, clock(), 40)
    assert look(6).opened == 1
    connection.execute("update cdp.quarantine set state = 'admitted' where quarantine_id <= 29")
    look(1)
    assert look(5) == CheckResult(0, 0, 0, 1), "eleven are more than half of the limit"
    connection.execute("update cdp.quarantine set state = 'dropped' where quarantine_id <= 31")
    look(1)
    assert look(3).resolved == 1
    refuse(connection, clock(), 20, reason="no_identity")
    assert look(6).opened == 1
    assert look(54).resolved == 0, "in the window"
    look(6)
    assert look(3).resolved == 1


def test_events_wait_three_days_in_quarantine_before_somebody_is_called(connection, look, clock):
    refuse(connection, clock() - timedelta(days=2), 3)
    refuse(connection, clock() - timedelta(days=2), 2, reason="wrong_type")
    refuse(connection, clock() - timedelta(days=9), 50, reason="known_bot")
    assert look(24 * 60).opened == 0, "exactly three days"
    assert look(1).opened == 1
    (incident,) = incidents(connection)
    assert incident.opened_at == clock() - timedelta(minutes=1)
    assert "5 refused events have waited for 3 days" in shown(incident)
    assert "invalid_ts (3), wrong_type (2)" in shown(incident)
    connection.execute("update cdp.quarantine set state = 'dropped' where reason <> 'known_bot'")
    look(1)
    assert look(3).resolved == 1


@pytest.mark.parametrize(("events", "opened"), [(0, 1), (5, 1), (6, 0)])
def test_a_site_is_quiet_below_a_tenth_of_its_usual_hour(
    connection: Connection, look: Any, clock: Any, events: int, opened: int
) -> None:
    now = clock()
    hold_counts(connection, now, since=now - timedelta(weeks=8, hours=1))
    for week, usual in enumerate((30, 90, 100, 110, 500, 0, 0, 0), start=1):  # their median is 60
        count(connection, now - timedelta(weeks=week, minutes=60), usual)
        count(connection, now - timedelta(weeks=week, minutes=65), 9999)  # the hour before
        count(connection, now - timedelta(weeks=week), 9999)  # the hour after
    count(connection, now - timedelta(minutes=5), events)
    count(connection, now - timedelta(minutes=65), 9999)
    count(connection, now - timedelta(minutes=5), 1, site="new.example.com")
    assert look().opened == opened
    if opened:
        (incident,) = incidents(connection)
        assert (incident.kind, incident.subject) == ("site_quiet", SITE)
        assert f"{SITE} sent {events} events in an hour, usually 60" in shown(incident)
        assert "from 2026-07-31 01:00 JST to 2026-07-31 02:00 JST" in shown(incident)
        assert "median of the same hour in 8 weeks" in shown(incident)


def test_a_quiet_site_is_over_when_it_sends_again_not_when_the_night_comes(connection, look, clock):
    now = clock()
    hold_counts(connection, now, since=now - timedelta(weeks=8, hours=1))
    for week in range(1, 9):  # busy from 01:00 to 03:00 in Tokyo, then nothing until the next day
        for minutes in (-60, -30, 0, 30):
            count(connection, now + timedelta(weeks=-week, minutes=minutes), 50)
        for minutes in (-60, -30, 0, 30):
            count(connection, now + timedelta(weeks=-week, days=1, minutes=minutes), 50)
    assert look().opened == 1
    assert look(120).resolved == 0, "an hour without usual events says nothing"
    accept(connection, now + timedelta(days=1, minutes=-50), 19)
    assert look(22 * 60).resolved == 0
    assert look(4) == CheckResult(0, 0, 0, 1), "below twice the limit it may still be ill"
    accept(connection, clock(), 1)
    look(6)
    assert look(3).resolved == 1


def test_a_site_that_sends_nothing_for_weeks_is_closed(connection, look, clock):
    fire_quiet(connection, clock())
    assert look().opened == 1
    for _ in range(4 * 7 + 1):
        look(24 * 60)
    assert look(4).open == 0


def test_arrivals_are_counted_once_and_only_the_busiest_of_many_sites(connection, look, clock):
    look()
    start = clock()
    for number in range(60):
        events = 2 if number < 45 else 1
        accept(connection, start + timedelta(minutes=1), events, site=f"s{number:02}.example")
    look(5.9)
    assert connection.execute("select * from cdp.site_traffic").fetchall() == [], "not settled"
    look(0.1)
    counted = connection.execute(
        "select site, starts_at, events from cdp.site_traffic order by events desc, site"
    ).fetchall()
    assert counted[0] == ("s00.example", start, 2)
    assert [site for site, _, _ in counted[45:]] == [f"s{number}.example" for number in range(45, 50)]
    look(5)
    assert len(connection.execute("select * from cdp.site_traffic").fetchall()) == 50


@pytest.mark.parametrize(
    ("context", "site"),
    [
        ({"page": "https://www.Example.com/a?b=c"}, "www.example.com"),
        ({"page": "http://localhost:8080"}, "localhost"),
        ({"page": "https://user:word@shop.example/"}, "shop.example"),
        ({"page": "app://checkout/done"}, "checkout"),
        ({"page": "/pricing"}, "(no page)"),
        ({"page": "https://"}, "(no page)"),
        ({}, "(no page)"),
        # As leadops.js sends it: the page is a path, and the host stands beside it.
        ({"page": "/pricing", "site": "www.Example.com", "consent": True}, "www.example.com"),
        (
            {"page": "/", "consent": {"ads": False}, "utm": {"site": "x"}, "site": "localhost:8080"},
            "localhost",
        ),
        ({"page": "https://shop.example/a", "site": "www.example.com"}, "shop.example"),
        ({"page": "/pricing", "site": "our main site"}, "(no page)"),
        ({"page": "/pricing", "site": {"name": "www.example.com"}}, "(no page)"),
    ],
)
def test_the_site_is_the_host_of_the_page_or_the_one_beside_its_path(
    connection: Connection, look: Any, clock: Any, context: dict[str, Any], site: str
) -> None:
    look()
    event = {"event_id": "e", "properties": {"site": "tokyo"}, "context": context}
    connection.execute(
        "insert into cdp.events (event_id, event, ts, received_at, payload, proof)"
        " values ('e', 'page_view', %(at)s, %(at)s, %(event)s, 'claim')",
        {"at": clock(), "event": json.dumps(event)},
    )
    refused = connection.execute(
        "insert into cdp.quarantine (received_at, reason, detail, body, proof)"
        " values (%s, 'invalid_ts', '', %s, 'claim') returning site",
        [clock(), json.dumps(event)],
    ).fetchone()
    look(6)
    counted = connection.execute("select site from cdp.site_traffic").fetchone()
    assert (refused, counted) == ((site,), (site,))


def test_a_wrong_key_that_goes_on_is_told_once_with_its_fingerprint(connection, look, clock):
    for spans, opened in ((1, 0), (2, 0), (3, 1), (4, 0)):
        turn_away(connection, [clock()])
        assert look(1).opened == opened, spans
    turn_away(
        connection, [clock() - timedelta(minutes=minutes) for minutes in (1.5, 0.5, 0.1)], key="_00c0ffee"
    )
    assert look().opened == 0, "a second key is the same incident"
    (incident,) = incidents(connection)
    assert incident.facts["calls"] == 7
    assert incident.facts["keys"] == ["1f3a9c07", "00c0ffee"]
    assert "begins with 1f3a9c07" in shown(incident)
    assert look(80).resolved == 0
    look(15)
    assert look(4).resolved == 1


def test_guessed_keys_are_no_sender(connection, look, clock):
    for number in range(40):
        turn_away(connection, [clock() - timedelta(minutes=number)], key=f"_{number:08x}")
    assert look().opened == 0


def test_a_sender_without_a_key_is_told_without_a_fingerprint(connection, look, clock):
    turn_away(connection, [clock() - timedelta(hours=hours) for hours in (1, 2, 3)], key="")
    assert look().opened == 1
    assert "SHA-256" not in shown(incidents(connection)[0])
