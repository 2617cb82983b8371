"""Duplicates that nothing explains become an incident; those of a killed process do not."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leadops.alerts.checks import CHECKS
from leadops.delivery.claim_calls import claim_batches
from leadops.delivery.database_mark import open_mark
from leadops.delivery.duplicates import is_unexplained
from leadops.delivery.push import push_target
from leadops.delivery.score_pusher import ScorePusher
from leadops.incidents.run_checks import run_checks
from leadops.lanes import Lane
from leadops.sla.sla_policy import SlaCalendar
from tests.alerts.checking import incidents
from tests.delivery_fixture import GENERIC, DeliveryFixture
from tests.scripted_server import ScriptedServer, serve_script
from tests.shipped import SHIPPED

NOW = datetime(2026, 7, 30, 9, 0, tzinfo=UTC)
EARLIER, MUCH_EARLIER = NOW - timedelta(minutes=1), NOW - timedelta(hours=1)


@pytest.mark.parametrize(
    ("claimed_at", "attempts", "since", "unexplained"),
    [
        (NOW, 0, MUCH_EARLIER, True),  # of this process: nobody can have sent it
        (NOW + timedelta(milliseconds=20), 0, MUCH_EARLIER, True),  # another worker of it claimed the call
        (NOW, 1, None, False),  # it was tried before
        (EARLIER, 0, None, True),  # a killed process, or another time of the database
        (EARLIER, 0, MUCH_EARLIER, False),  # the database has not gone back: a killed process
        (EARLIER, 0, EARLIER, False),
        (MUCH_EARLIER, 0, EARLIER, True),
    ],
)
def test_what_explains_a_duplicate(
    claimed_at: datetime, attempts: int, since: datetime | None, unexplained: bool
) -> None:
    found = is_unexplained(claimed_at, attempts=attempts, began_at=NOW, remembered_since=since)
    assert found is unexplained


@pytest.fixture
def script() -> Iterator[ScriptedServer]:
    with serve_script() as server:
        yield server


@pytest.fixture
def side(database_url: str, script: ScriptedServer) -> DeliveryFixture:
    """A lead with 5 and 7 points that wait, and an MA that had each change before, by its own account."""
    side = DeliveryFixture(database_url, script.url)
    lead = side.add_lead()
    with side.connect() as connection:
        connection.execute("update delivery.outbox set state = 'done', settled_at = now()")
        connection.execute("insert into delivery.external_ids values ('ma', %s, '4711', now())", [lead])
    side.score(lead, 5)
    side.score(lead, 7)

    def respond(method: str, path: str, sent: bytes) -> tuple[int, bytes]:
        if method == "GET":
            return 200, json.dumps({"id": 4711, "score": 0}).encode()
        rows = [{"deltaId": row["deltaId"], "status": "duplicate"} for row in json.loads(sent)["updates"]]
        return 200, json.dumps({"results": rows}).encode()

    script.respond = respond
    return side


def push(side: DeliveryFixture, folder: Path | None) -> None:
    push_target(
        database_url=side.url,
        endpoint=side.endpoint,
        target="ma",
        pusher_type=ScorePusher,
        settings=side.settings,
        clock=side.clock,
        sleep=lambda _: None,
        until=side.clock() + timedelta(seconds=1),
        mark=open_mark(folder),
    )


def check(side: DeliveryFixture) -> list[tuple[str, int, list[int]]]:
    """Run the checks; return the open incidents about duplicates: target, count, leads."""
    calendar = SlaCalendar(SHIPPED.sla)
    with side.connect() as connection:
        run_checks(connection, CHECKS, settings=SHIPPED.alerts, calendar=calendar, now=side.clock())
        return [
            (incident.subject, incident.facts["count"], incident.facts["lead_ids"])
            for incident in incidents(connection)
            if incident.kind == "unexplained_duplicates"
        ]


@pytest.mark.parametrize("remembers", [False, True])
def test_one_answer_about_a_new_change_is_an_incident(
    side: DeliveryFixture, tmp_path: Path, remembers: bool
) -> None:
    push(side, tmp_path if remembers else None)
    assert check(side) == [("ma", 2, [1])]
    # None of it counts as sent.
    assert side.value("select count(*) from delivery.undelivered_deltas") == 2


def build(side: DeliveryFixture) -> None:
    """Build a batch in a round that does not come to send it."""
    with side.connect() as connection:
        connection.execute(
            "insert into delivery.batches (target, lane, idempotency_key, from_seq, deltas, rows, created_at)"
            " select 'ma', 0, 'k', 1, 2, %s, now() - interval '1 minute'",
            [
                json.dumps(
                    [
                        {"seq": seq, "lead_id": 1, "external_id": "4711", "points": points, "reason": "r"}
                        for seq, points in ((1, 5), (2, 7))
                    ]
                )
            ],
        )
        connection.execute("insert into delivery.cursors values ('ma', 0, 2)")


def leave_behind(side: DeliveryFixture) -> None:
    """Claim the call as a process does that is killed before it can say what became of it."""
    build(side)
    then = side.clock() - timedelta(seconds=1)
    with side.connect() as connection:
        claim_batches(connection, product=GENERIC, target="ma", lane=Lane.LIVE, limit=1, now=then)


@pytest.mark.parametrize("remembers", [False, True])
def test_a_call_that_another_round_built_was_never_sent_either(
    side: DeliveryFixture, tmp_path: Path, remembers: bool
) -> None:
    build(side)
    push(side, tmp_path if remembers else None)
    assert check(side) == [("ma", 2, [1])]


def test_a_killed_process_explains_a_duplicate_where_the_database_is_known(
    side: DeliveryFixture, tmp_path: Path
) -> None:
    mark = open_mark(tmp_path)
    assert mark is not None
    with side.connect() as connection:
        mark.advance(connection, now=side.clock() - timedelta(minutes=5))
    leave_behind(side)
    push(side, tmp_path)
    assert check(side) == []


def test_without_a_memory_it_may_be_a_restored_backup(side: DeliveryFixture) -> None:
    leave_behind(side)
    push(side, None)
    assert check(side) == [("ma", 2, [1])]
