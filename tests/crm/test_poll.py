from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.crm.poll import poll_crm
from leadops.db import Connection
from leadops.errors import PermanentError, TransientError
from leadops.products.crm_client import CrmClient
from leadops.settings import Endpoint
from tests.promises import promise_examples

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)


def mirrored(connection: Connection) -> list[str]:
    rows = connection.execute("select activity_id from crm.activities order by activity_id").fetchall()
    connection.commit()
    return [str(row[0]) for row in rows]


def feed(connection: Connection) -> tuple[Any, ...] | None:
    row = connection.execute("select cursor, as_of, polled_at from crm.feeds").fetchone()
    connection.commit()
    return row


class Scripted:
    """A CRM that answers with the given pages, whatever it is asked; then with an empty one."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self.pages = list(pages)
        self.asked: list[str | None] = []

    def activities(self, *, after: str | None, limit: int) -> dict[str, Any]:
        self.asked.append(after)
        if not self.pages:
            return {"items": [], "cursor": after, "as_of": NOW.isoformat()}
        return self.pages.pop(0)

    def reps(self) -> list[dict[str, Any]]:
        return []


def item(number: int, **facts: Any) -> dict[str, Any]:
    when = (NOW - timedelta(minutes=number)).isoformat()
    return {"id": f"a{number}", "lead_id": "L-1", "kind": "call", "rep_id": "r", "occurred_at": when} | facts


def test_a_poll_mirrors_activities_and_salespeople(connection: Connection, crm: Any) -> None:
    for _ in range(5):
        crm.did(details={"minutes": 4})
    polled = poll_crm(connection, crm.client, now=crm.clock(), page_size=2)
    assert (polled.activities, polled.refused, polled.as_of) == (5, 0, crm.clock())
    assert polled.reps == connection.execute("select count(*) from crm.reps").fetchone()[0] > 0
    assert connection.execute("select count(*) from lifecycle.inbox").fetchone() == (5,)
    assert connection.execute("select distinct details from crm.activities").fetchall() == [({"minutes": 4},)]


def test_a_second_poll_brings_only_what_is_new(connection: Connection, crm: Any) -> None:
    crm.did()
    assert poll_crm(connection, crm.client, now=crm.clock()).activities == 1
    crm.did(kind="mail")
    later = crm.clock.forward(1)
    polled = poll_crm(connection, crm.client, now=later)
    assert (polled.activities, polled.as_of) == (1, later)
    assert poll_crm(connection, crm.client, now=later).activities == 0


def test_a_crm_that_is_down_changes_nothing_and_says_so(connection: Connection, crm: Any) -> None:
    poll_crm(connection, crm.client, now=crm.clock())
    before = feed(connection)
    crm.did()
    crm.faults(target="crm", path="/v1/activities", kind="500", count=1)
    with pytest.raises(TransientError, match="CRM activities"):
        poll_crm(connection, crm.client, now=crm.clock.forward(5))
    assert feed(connection) == before
    assert poll_crm(connection, crm.client, now=crm.clock()).activities == 1


def test_dying_between_pages_keeps_the_pages_and_promises_no_freshness(
    connection: Connection, crm: Any
) -> None:
    class Dying:
        """The real client, until it dies with its third page."""

        asked = 0

        def activities(self, **options: Any) -> dict[str, Any]:
            self.asked += 1
            if self.asked == 3:
                raise KeyboardInterrupt
            return crm.client.activities(**options)

    for _ in range(6):
        crm.did()
    with pytest.raises(KeyboardInterrupt):
        poll_crm(connection, Dying(), now=crm.clock(), page_size=2)
    assert len(mirrored(connection)) == 4
    assert feed(connection)[1] is None, "later activities may be missing"
    assert poll_crm(connection, crm.client, now=crm.clock(), page_size=2).activities == 2
    assert feed(connection)[1] == crm.clock()


def test_out_of_time_it_stops_between_pages(connection: Connection, crm: Any) -> None:
    for _ in range(4):
        crm.did()
    answers = iter([True, False, False])
    polled = poll_crm(connection, crm.client, now=crm.clock(), page_size=2, has_time=lambda: next(answers))
    assert (polled.activities, polled.reps, polled.as_of) == (2, 0, None)


def test_a_refused_token_is_permanent(connection: Connection, crm: Any) -> None:
    client = CrmClient(Endpoint(base_url=crm.url, token="nobody", timeout=60))
    with closing(client), pytest.raises(PermanentError, match="CRM activities"):
        poll_crm(connection, client, now=crm.clock())
    assert feed(connection) is None


def test_a_feed_whose_last_page_has_no_cursor_is_read_again_from_the_last_one(
    connection: Connection,
) -> None:
    as_of = NOW.isoformat()
    client = Scripted(
        {"items": [item(3)], "cursor": "c1", "as_of": as_of},
        {"items": [item(2)], "cursor": None, "as_of": as_of},
        {"items": [item(2), item(1)], "cursor": None, "as_of": as_of},
    )
    assert poll_crm(connection, client, now=NOW).activities == 2
    assert poll_crm(connection, client, now=NOW).activities == 1
    assert client.asked == [None, "c1", "c1"]


def test_one_bad_item_is_kept_with_its_reason_and_blocks_nothing(connection: Connection) -> None:
    bad = item(2, occurred_at="soon")
    for _ in range(2):
        page = {"items": [item(1), bad, item(3)], "cursor": None, "as_of": NOW.isoformat()}
        assert poll_crm(connection, Scripted(page), now=NOW).refused == 1
    assert mirrored(connection) == ["a1", "a3"]
    [(body, reason)] = connection.execute("select body, reason from crm.refused").fetchall()
    assert body == bad
    assert "ISO 8601" in reason


@pytest.mark.parametrize("as_of", [{}, {"as_of": None}, {"as_of": "soon"}, {"as_of": 5}])
def test_a_page_that_does_not_say_how_fresh_it_is_is_read_all_the_same(
    connection: Connection, as_of: dict[str, Any]
) -> None:
    with pytest.raises(TransientError, match="as_of"):
        poll_crm(connection, Scripted({"items": [item(1)], "cursor": None, **as_of}), now=NOW)
    assert mirrored(connection) == ["a1"]
    assert feed(connection) == (None, None, NOW)


def test_freshness_never_goes_back_and_never_lies_in_the_future(connection: Connection) -> None:
    for as_of in (NOW + timedelta(hours=1), NOW - timedelta(hours=1)):
        page = {"items": [], "cursor": None, "as_of": as_of.isoformat()}
        assert poll_crm(connection, Scripted(page), now=NOW).as_of == NOW


def test_a_changed_activity_goes_to_lifecycle_again(connection: Connection) -> None:
    for status in ("taken", "taken", "lost"):
        page = {"items": [item(1, kind="status", status=status)], "cursor": None, "as_of": NOW.isoformat()}
        poll_crm(connection, Scripted(page), now=NOW)
    assert connection.execute("select status from crm.activities").fetchall() == [("lost",)]
    assert connection.execute("select count(*) from lifecycle.inbox").fetchone() == (2,)


def test_salespeople_who_left_are_gone(connection: Connection, crm: Any) -> None:
    poll_crm(connection, crm.client, now=crm.clock())
    client = Scripted()
    client.reps = lambda: [{"id": "rep-01", "name": "A"}]  # type: ignore[method-assign]
    assert poll_crm(connection, client, now=NOW).reps == 1
    assert connection.execute("select rep_id from crm.reps").fetchall() == [("rep-01",)]


@settings(
    deadline=None,
    max_examples=promise_examples(12),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.lists(st.integers(1, 12), max_size=4), max_size=6))
def test_repeated_and_unordered_pages_are_harmless(connection: Connection, pages: list[list[int]]) -> None:
    connection.execute("truncate crm.activities, crm.feeds, lifecycle.inbox")
    connection.commit()
    client = Scripted(
        *(
            {"items": [item(n) for n in numbers], "cursor": f"c{index}", "as_of": NOW.isoformat()}
            for index, numbers in enumerate(pages)
        )
    )
    new = 0
    while client.pages:  # an empty page ends a poll
        new += poll_crm(connection, client, now=NOW).activities
    distinct = {f"a{n}" for numbers in pages for n in numbers}
    assert mirrored(connection) == sorted(distinct)
    assert new == len(distinct)
    assert connection.execute("select count(*) from lifecycle.inbox").fetchone() == (new,)
