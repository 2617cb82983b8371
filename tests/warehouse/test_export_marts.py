"""What arrives in a warehouse is what the marts hold, whatever is repeated, killed or run twice at once."""

from datetime import UTC, datetime, timedelta

import pytest

from leadops.db import Connection, connect
from leadops.errors import TransientError
from leadops.locks import Lock, trying_lock
from leadops.warehouse.run_warehouses import TargetBusyError, compare_warehouses, export_warehouses
from tests.warehouse.story import (
    NOW,
    Place,
    add_lead,
    add_points,
    add_touch,
    clock,
    publish,
    read_mart,
    table_of,
)

MARTS = ("ledger", "leads", "transitions")


def export(connection: Connection, place: Place, *, piece_rows: int = 1000) -> int:
    publish(connection)
    return sum(export_warehouses(connection, [place.warehouse], piece_rows=piece_rows, clock=clock).values())


def assert_same(connection: Connection, place: Place) -> None:
    for mart in MARTS:
        assert place.rows(mart) == place.expected(connection, mart), mart


def test_every_value_arrives_as_it_is_and_a_repeat_changes_nothing(
    connection: Connection, place: Place
) -> None:
    for campaign in ("spring", None, 'a "b",\nc'):
        add_points(connection, add_lead(connection, campaign=campaign), 12)
    assert export(connection, place) == 3 + 36
    assert_same(connection, place)
    assert len(place.rows("ledger")) == 36
    assert export(connection, place) == 0
    assert_same(connection, place)


def test_pieces_of_any_size_give_the_same(connection: Connection, place: Place) -> None:
    add_points(connection, add_lead(connection), 10)
    assert export(connection, place, piece_rows=3) == 11
    assert_same(connection, place)
    add_points(connection, add_lead(connection), 4, since=datetime(1999, 12, 31, 23, 59, tzinfo=UTC))
    assert export(connection, place, piece_rows=3) == 5
    assert_same(connection, place)


def test_a_correction_follows_as_another_version_and_the_view_shows_what_is_known_now(
    connection: Connection, place: Place
) -> None:
    lead, other = add_lead(connection), add_lead(connection)
    export(connection, place)
    connection.execute("update identity.leads set campaign = 'summer' where lead_id = %s", [lead])
    connection.commit()
    assert export(connection, place) == 1
    assert place.read(table_of("leads"), "lead_id, version, campaign") == [
        (lead, 1, "spring"),
        (lead, 2, "summer"),
        (other, 1, "spring"),
    ]
    assert_same(connection, place)


@pytest.mark.parametrize("step", ["promise", "add", "add_done"])
def test_a_kill_at_any_step_loses_nothing_and_doubles_nothing(
    connection: Connection, place: Place, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the end of the process the database has the promise, and the target no, some or all rows."""
    add_points(connection, add_lead(connection), 9)
    target = place.warehouse.target
    known = getattr(target, step.removesuffix("_done"))

    def die(*arguments: object, **named: object) -> None:
        if step == "add_done":
            known(*arguments, **named)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(target, step.removesuffix("_done"), die)
        with pytest.raises(KeyboardInterrupt):
            export(connection, place, piece_rows=4)
    connection.rollback()
    add_points(connection, add_lead(connection), 3)  # the next export could reach further than the promise
    export(connection, place, piece_rows=100)
    assert_same(connection, place)


def test_of_two_at_once_one_goes_away(connection: Connection, place: Place, database_url: str) -> None:
    add_points(connection, add_lead(connection), 2)
    with (
        connect(database_url) as other,
        trying_lock(other, Lock.WAREHOUSE, place.warehouse.name),
        pytest.raises(TargetBusyError),
    ):
        export(connection, place)
    assert export(connection, place) == 3
    assert_same(connection, place)


def test_a_late_commit_is_not_missed(connection: Connection, place: Place, database_url: str) -> None:
    """A transaction that began before an export and commits after it: its rows follow with the next one."""
    with connect(database_url) as late:
        late.execute("insert into identity.leads (created_at, campaign) values (%s, 'late')", [NOW])
        add_lead(connection)
        export(connection, place)
        late.commit()
    assert export(connection, place) == 1
    assert_same(connection, place)


def test_a_clock_that_jumps_changes_nothing(connection: Connection, place: Place) -> None:
    add_lead(connection, created=NOW + timedelta(days=4000))
    export(connection, place)
    publish(connection)
    add_lead(connection, created=NOW - timedelta(days=20000))
    publish(connection)
    export_warehouses(connection, [place.warehouse], piece_rows=10, clock=lambda: NOW - timedelta(days=365))
    assert_same(connection, place)


def test_a_target_that_was_away_for_a_week_gets_everything(
    connection: Connection, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object, **named: object) -> None:
        raise TransientError("away")

    add_lead(connection)
    export(connection, place)
    with monkeypatch.context() as patch:
        patch.setattr(place.warehouse.target, "prepare", fail)
        for day in range(7):
            add_points(connection, add_lead(connection), 2, since=NOW - timedelta(days=day))
            with pytest.raises(TransientError):
                export(connection, place)
    assert export(connection, place) == 21
    assert_same(connection, place)


def test_a_table_that_was_dropped_is_sent_again_whole(connection: Connection, place: Place) -> None:
    add_points(connection, add_lead(connection), 5)
    export(connection, place)
    place.drop(table_of("ledger"))
    assert export(connection, place) == 5
    assert_same(connection, place)
    assert len(read_mart(connection, "ledger")) == 5


def test_acts_follow_within_the_hour_and_what_changes_in_old_months_at_night(
    connection: Connection, place: Place
) -> None:
    """What shows what is known now has no change numbers; a new target gets it whole at once."""
    lead = add_lead(connection)
    old = add_touch(connection, lead, moment=datetime(2025, 1, 5, tzinfo=UTC))
    export(connection, place)
    assert place.rows("touches") == place.expected(connection, "touches")
    recent = add_touch(connection, lead, moment=datetime(2026, 5, 1, tzinfo=UTC))
    connection.execute("delete from identity.resolved_events where event_seq = %s", [old])
    connection.commit()
    assert export(connection, place) == 1
    assert [row[0] for row in place.rows("touches")] == [old, recent]
    compare_warehouses(connection, [place.warehouse], clock=clock)
    assert place.rows("touches") == place.expected(connection, "touches")
