"""A click is in the MA within seconds; off, broken or beside others, a lane harms nothing."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from leadops.config.gated_settings import dump_settings, put_in_force
from leadops.db import connect
from leadops.delivery.push import run_round
from leadops.delivery.push_report import PushReport
from leadops.delivery.score_pusher import ScorePusher
from leadops.errors import ConfigError
from leadops.identity.resolve import resolve_events
from leadops.live import live_lane, live_pusher
from leadops.scoring.score import score_leads
from tests.delivery_fixture import DeliveryFixture
from tests.gateway.conftest import KEY, Serve
from tests.live.lanes import Settings, clock, make_config, run_lane
from tests.shipped import SHIPPED, change, make_rules
from tests.waiting import wait_until

#: Points that the shipped rules give for the event of these tests.
POINTS = next(rule.points for rule in SHIPPED.scoring.behaviour if rule.name == "request_document")


def make_event(number: int, *, email: str | None = None) -> dict[str, Any]:
    address = email or f"n{number}-{time.time_ns()}@live.example"
    now = datetime.now(UTC).isoformat()
    return {
        "event_id": f"e{number}-{address}",
        "event": "request_document",
        "ts": now,
        "user_id": address,
        "email": address,
    }


@pytest.fixture
def gateway(serve: Serve) -> httpx.Client:
    client = serve()
    client.headers["X-Write-Key"] = KEY
    return client


def send(gateway: httpx.Client, *events: dict[str, Any]) -> None:
    answer = gateway.post("/collect", json={"events": list(events)})
    assert answer.json()["accepted"] == len(events)


def has_arrived(desk: DeliveryFixture, leads: int) -> Callable[[], bool]:
    """Whether so many leads have the points of one event, in the ledger and in the MA."""

    def look() -> bool:
        with desk.connect() as connection:
            sums = connection.execute(
                "select lead_id, sum(points) from scoring.ledger group by lead_id having sum(points) <> 0"
            ).fetchall()
            known = connection.execute(
                "select count(*) from delivery.external_ids where target = 'ma' and state = 'present'"
            ).fetchone()
        return known == (leads,) == (len(sums),) and all(
            desk.ma_score(lead) == points == POINTS for lead, points in sums
        )

    return look


def test_an_event_is_in_the_ma_before_the_lane_would_have_looked_by_itself(
    desk: DeliveryFixture, gateway: httpx.Client
) -> None:
    with run_lane(desk):
        wait_until(lambda: desk.value("select count(*) from live.lanes where is_on"))
        began = time.monotonic()
        send(gateway, make_event(1))
        wait_until(has_arrived(desk, 1))
        assert time.monotonic() - began < 15, "it has waited for a look, not for the notification"


def test_without_notifications_it_looks_by_itself(
    desk: DeliveryFixture, gateway: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_lane, "listen", lambda connection: None)
    settings = Settings(make_config(desk, settings=change(SHIPPED.live, poll_seconds=0.3)))
    with run_lane(desk, settings):
        wait_until(lambda: desk.value("select count(*) from live.lanes"))
        time.sleep(0.2)
        send(gateway, make_event(1), make_event(2))
        wait_until(has_arrived(desk, 2))


def test_off_it_does_nothing_until_the_settings_say_otherwise(
    desk: DeliveryFixture, gateway: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_lane, "READ_EVERY", live_lane.READ_EVERY / 50)
    off = change(SHIPPED.live, enabled=False, poll_seconds=0.1)
    settings = Settings(make_config(desk, settings=off))
    with run_lane(desk, settings):
        wait_until(lambda: desk.value("select count(*) from live.lanes where not is_on"))
        send(gateway, make_event(1))
        time.sleep(1)
        assert desk.value("select count(*) from identity.inbox") == 1
        settings.config = make_config(desk, settings=change(off, enabled=True))
        wait_until(has_arrived(desk, 1))


def test_it_waits_for_settings_and_keeps_those_that_it_has(
    desk: DeliveryFixture, gateway: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_lane, "READ_EVERY", live_lane.READ_EVERY / 50)
    settings = Settings(make_config(desk, settings=change(SHIPPED.live, poll_seconds=0.1)))
    settings.error = ConfigError("live.yaml:1: broken")
    with run_lane(desk, settings):
        time.sleep(0.5)
        assert desk.value("select count(*) from live.lanes") == 0
        settings.error = None
        wait_until(lambda: desk.value("select count(*) from live.lanes"))
        settings.error = ConfigError("live.yaml:1: broken again")
        send(gateway, make_event(1))
        wait_until(has_arrived(desk, 1))


def test_a_stage_that_fails_is_on_record_and_stops_no_other(
    desk: DeliveryFixture, gateway: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_lane, "BEAT_EVERY", live_lane.BEAT_EVERY / 100)
    settings = Settings(make_config(desk, settings=change(SHIPPED.live, poll_seconds=0.1)))
    with run_lane(desk, settings):
        wait_until(lambda: desk.value("select count(*) from live.lanes where problem is null"))
        with connect(desk.url) as own:
            own.execute("alter table lifecycle.transitions rename to away")
        send(gateway, make_event(1))
        wait_until(has_arrived(desk, 1))
        wait_until(lambda: desk.value("select problem from live.lanes") == "qualify: UndefinedTable")
        worked_at = desk.value("select worked_at from live.lanes")
        rounds = desk.value("select rounds from live.lanes")
        time.sleep(1)
        assert desk.value("select worked_at from live.lanes") == worked_at
        assert desk.value("select rounds from live.lanes") - rounds <= 2, "it does not spin"
        with connect(desk.url) as own:
            own.execute("alter table lifecycle.away rename to transitions")
        wait_until(lambda: desk.value("select count(*) from live.lanes where problem is null"))


def test_two_lanes_at_once_score_each_event_once(desk: DeliveryFixture, gateway: httpx.Client) -> None:
    with run_lane(desk), run_lane(desk, name="lane-2"):
        wait_until(lambda: desk.value("select count(*) from live.lanes") == 2)
        events = [make_event(number) for number in range(40)]
        for event in events:
            send(gateway, event)
        wait_until(has_arrived(desk, 40))
    assert desk.value("select count(*) from scoring.ledger") == 40


def test_it_waits_where_the_database_is_too_new_for_it(
    desk: DeliveryFixture, gateway: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_lane, "READ_EVERY", live_lane.READ_EVERY / 100)
    monkeypatch.setattr(live_lane, "FIRST_PAUSE", 0.1)
    settings = Settings(make_config(desk, settings=change(SHIPPED.live, poll_seconds=0.1)))
    with run_lane(desk, settings) as lane:
        wait_until(lambda: lane._pusher)
        with connect(desk.url) as own:
            own.execute(
                "insert into leadops.migrations (name, sha256, needs) values ('9999_x.sql', '', '9998_x.sql')"
            )
        wait_until(lambda: not lane._pusher)
        send(gateway, make_event(1))
        time.sleep(0.5)
        assert desk.value("select count(*) from identity.inbox") == 1
        with connect(desk.url) as own:
            own.execute("delete from leadops.migrations where name = '9999_x.sql'")
        wait_until(has_arrived(desk, 1))


def test_a_lost_connection_is_made_again(
    desk: DeliveryFixture, gateway: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_lane, "FIRST_PAUSE", 0.1)
    with run_lane(desk):
        wait_until(lambda: desk.value("select count(*) from live.lanes"))
        with connect(desk.url) as own:
            own.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name like 'leadops live%'"
            )
        send(gateway, make_event(1))
        wait_until(has_arrived(desk, 1))


def test_a_defect_does_not_end_the_push(
    desk: DeliveryFixture, gateway: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = [RuntimeError("a defect")]

    def fail_once(pusher: ScorePusher) -> tuple[PushReport, timedelta]:
        if faults:
            raise faults.pop()
        return run_round(pusher)

    monkeypatch.setattr("leadops.live.live_pusher.run_round", fail_once)
    monkeypatch.setattr(live_pusher, "PAUSE_AFTER_FAILURE", timedelta(milliseconds=100))
    with run_lane(desk):
        send(gateway, make_event(1))
        wait_until(has_arrived(desk, 1))
    assert not faults


def test_the_backfill_lane_is_left_to_the_minute(desk: DeliveryFixture, gateway: httpx.Client) -> None:
    lead = desk.add_lead()
    with connect(desk.url) as own:
        own.execute("insert into scoring.inbox (lead_id, lane) values (%s, 1)", [lead])
    with run_lane(desk):
        send(gateway, make_event(1))
        wait_until(lambda: desk.value("select count(*) from scoring.ledger") == 1)
    assert desk.value("select array_agg(lead_id) from scoring.inbox where lane = 1 and lead_id = %s", lead)


def test_a_lane_that_reads_a_change_late_gives_way(desk: DeliveryFixture, gateway: httpx.Client) -> None:
    former = make_rules(behaviour=[{"name": "former", "event": "request_document", "points": 3}])
    latest = make_rules(behaviour=[{"name": "latest", "event": "request_document", "points": 7}])
    with run_lane(desk, Settings(make_config(desk, scoring=former))):
        send(gateway, make_event(1))
        wait_until(lambda: desk.value("select sum(points) from scoring.ledger") == 3)
        with connect(desk.url) as own:
            score_leads(own, rules=latest, zone=SHIPPED.company.zone, now=clock(), source="here")
        send(gateway, make_event(2))
        wait_until(lambda: desk.value("select count(*) from scoring.ledger where rule = 'latest'"))
        send(gateway, make_event(3))
        wait_until(lambda: desk.value("select count(*) from identity.leads") == 3)
        wait_until(lambda: not desk.value("select count(*) from scoring.inbox where lane = 0"))
    assert desk.value("select count(*) from scoring.rule_sets") == 2, "the former rules came back"
    assert desk.value("select count(*) from scoring.ledger where rule = 'former' and points > 0") == 1


def test_a_lane_undoes_nothing_that_a_task_did_by_settings_put_in_force_since(
    desk: DeliveryFixture, gateway: httpx.Client
) -> None:
    query = "select merge_settings::json ->> 'leads_per_person' from identity.progress"
    latest = change(SHIPPED.identity, leads_per_person=SHIPPED.identity.leads_per_person + 1)
    settings = Settings(make_config(desk))
    with run_lane(desk, settings):
        send(gateway, make_event(1))
        wait_until(has_arrived(desk, 1))
        assert desk.value(query) == str(SHIPPED.identity.leads_per_person)
        settings.config = make_config(desk, identity=latest)
        with connect(desk.url) as own:
            content = dump_settings(latest)
            put_in_force(own, section="identity", settings=content, reason="approved", now=clock())
            own.commit()
            resolve_events(own, now=clock(), settings=latest)
        send(gateway, make_event(2))
        wait_until(has_arrived(desk, 2))
    assert desk.value(query) == str(latest.leads_per_person)
