"""Which rows of the quarantine are listed, counted, dropped and tried again: each condition and bound."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadops.db import Connection
from leadops.intake.admit_forms import queries
from leadops.intake.form_quarantine import (
    count_quarantined_forms,
    drop_quarantined_forms,
    list_quarantined_forms,
)

pytestmark = pytest.mark.uncommitted

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.fixture
def quarantine(connection: Connection) -> Connection:
    """Forms 1 to 5: three wait, one was admitted and one dropped."""
    for number, (reason, state, times) in enumerate(
        [
            ("not_json", "waiting", 1),
            ("invalid_email", "waiting", 2),
            ("not_json", "admitted", 4),
            ("not_json", "dropped", 8),
            ("not_json", "waiting", 16),
        ]
    ):
        connection.execute(
            "insert into intake.quarantined_forms (submission_id, received_at, signed_at, secret, reason,"
            " detail, body, state, times) values (%s, %s, %s, 1, %s, '', %s, %s, %s)",
            [f"s{number}", NOW + number * TICK, NOW, reason, b"%d" % number, state, times],
        )
    return connection


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({}, [5, 4, 3, 2, 1]),
        ({"limit": 2}, [5, 4]),
        ({"since": NOW + 3 * TICK}, [5, 4]),
        ({"state": "waiting"}, [5, 2, 1]),
        ({"reason": "not_json"}, [5, 4, 3, 1]),
        ({"ids": [1, 4]}, [4, 1]),
        ({"before": 4}, [3, 2, 1]),
        ({"before": 4, "limit": 1, "state": "waiting"}, [2]),
        ({"before": 1}, []),
        ({"ids": [1, 4], "state": "waiting"}, [1]),
        ({"reason": "not_json", "state": "waiting", "since": NOW + TICK}, [5]),
    ],
)
def test_they_are_listed_by_every_condition(
    quarantine: Connection, asked: dict[str, Any], ids: list[int]
) -> None:
    assert [form.quarantine_id for form in list_quarantined_forms(quarantine, **asked)] == ids


def test_they_are_counted_by_reason_and_state_those_that_wait_first(quarantine: Connection) -> None:
    counts = count_quarantined_forms(quarantine)
    assert [(count.reason, count.state, count.items, int(count.times)) for count in counts] == [
        ("not_json", "waiting", 2, 17),
        ("invalid_email", "waiting", 1, 2),
        ("not_json", "dropped", 1, 8),
        ("not_json", "admitted", 1, 4),
    ]
    assert (counts[0].first_at, counts[0].last_at) == (NOW, NOW + 4 * TICK)


def test_of_equal_counts_the_reasons_are_in_order(quarantine: Connection) -> None:
    quarantine.execute("update intake.quarantined_forms set times = 17 where quarantine_id = 2")
    assert [count.reason for count in count_quarantined_forms(quarantine)][:2] == [
        "invalid_email",
        "not_json",
    ]


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({"ids": [1, 3, 4]}, [1]),
        ({"reason": "not_json"}, [1, 5]),
        ({"ids": [2, 5], "reason": "not_json"}, [5]),
        ({"ids": None, "reason": None}, [1, 2, 5]),
    ],
)
def test_only_what_waits_is_dropped(quarantine: Connection, asked: dict[str, Any], ids: list[int]) -> None:
    drop_quarantined_forms(quarantine, now=NOW, **({"ids": None, "reason": None} | asked))
    settled = quarantine.execute(
        "select quarantine_id from intake.quarantined_forms where settled_at = %s order by 1", [NOW]
    ).fetchall()
    assert settled == [(number,) for number in ids]
    states = quarantine.execute("select state from intake.quarantined_forms order by quarantine_id")
    before = ["waiting", "waiting", "admitted", "dropped", "waiting"]
    assert [state for (state,) in states.fetchall()] == [
        "dropped" if number in ids else state for number, state in enumerate(before, start=1)
    ]


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({}, [1, 2, 5]),
        ({"after": 1}, [2, 5]),
        ({"after": 2}, [5]),
        ({"max_rows": 2}, [1, 2]),
        ({"ids": [2, 3, 5]}, [2, 5]),
        ({"reason": "not_json"}, [1, 5]),
        ({"ids": [1, 2], "reason": "not_json"}, [1]),
    ],
)
def test_only_what_waits_is_tried_again(
    quarantine: Connection, asked: dict[str, Any], ids: list[int]
) -> None:
    values = {"after": 0, "ids": None, "reason": None, "max_rows": 9} | asked
    assert queries.values(quarantine, "lock_waiting", **values) == ids
