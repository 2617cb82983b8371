"""The checks on delivery."""

from datetime import UTC, date, datetime, timedelta

import pytest
from psycopg.types.json import Json

from leadops.alerts.checks import CHECKS
from leadops.db import Connection
from leadops.delivery.read_back import AMBIGUOUS
from leadops.incidents.run_checks import run_checks
from leadops.sla.sla_policy import SlaCalendar
from tests.alerts.checking import clock, incidents, look, shown, slack, slack_server
from tests.shipped import SHIPPED

__all__ = ["clock", "look", "slack", "slack_server"]


def fire_backlogs(connection: Connection, now: datetime) -> None:
    at = now - timedelta(hours=1)
    connection.execute(
        "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at, lane,"
        " reason) values (1, 5, 'fit', 'rule', 'r', %(at)s, %(at)s, 0, 'r')",
        {"at": at},
    )


def fire_outbox(connection: Connection, now: datetime) -> None:
    connection.execute(
        "insert into delivery.outbox (target, operation, payload, idempotency_key, created_at, state)"
        " values ('crm', 'create_lead', '{}', 'k', %s, 'pending')",
        [now - timedelta(hours=1)],
    )


def fire_dead_letters(connection: Connection, now: datetime) -> None:
    connection.execute(
        "insert into delivery.dead_letters (target, kind, reference, reason, died_at)"
        " values ('ma', 'delta', 1, 'r', %s)",
        [now],
    )


def fire_audit(connection: Connection, now: datetime) -> None:
    connection.execute(
        "insert into delivery.audits (night, audited_by, begun_at, ended_at, correction_limit, missing_limit,"
        " differing, lead_ids) values (%(now)s, 'test', %(now)s, %(now)s, 100, 10, 101, '{4}')",
        {"now": now},
    )


def fire_gone(connection: Connection, now: datetime) -> None:
    connection.execute(
        "insert into delivery.external_ids (target, lead_id, external_id, learned_at, state, changed_at,"
        " reason) values ('ma', 4, '9', %(now)s, 'gone', %(now)s, 'deleted')",
        {"now": now},
    )


def fire_hold(connection: Connection, now: datetime) -> None:
    connection.execute(
        "insert into delivery.holds (reason, held_at, facts)"
        """ values ('mark', %s, '{"remembered": 9, "found": 7}')""",
        [now],
    )


def fire_duplicates(connection: Connection, now: datetime) -> None:
    connection.execute(
        "insert into delivery.targets (target, tokens, refilled_at, duplicates, duplicates_at,"
        " duplicate_leads) values ('ma', 0, %(now)s, 1, %(now)s, '{4}')",
        {"now": now},
    )


def fire_quota(connection: Connection, now: datetime) -> None:
    """A target without calls until three hours from now, and one effect that waits for it."""
    connection.execute(
        "insert into delivery.quotas (target, closed_until) values ('other', %s)",
        [now + timedelta(hours=3)],
    )
    connection.execute(
        "insert into delivery.outbox (target, operation, payload, idempotency_key, created_at, state)"
        " values ('other', 'create_lead', '{}', 'other', %s, 'pending')",
        [now],
    )


def fire_accounts(connection: Connection, now: datetime) -> None:
    """A target whose connection led to another account a minute ago."""
    connection.execute(
        "insert into delivery.accounts (target, product, place, since, connection, checked_at, other_product,"
        " other_place, other_connection, other_asked_at, other_at)"
        " values ('third', 'generic', 'a.example', %(at)s, 'x', %(at)s, 'generic', 'b.example', 'y', %(at)s,"
        " %(at)s)",
        {"at": now - timedelta(minutes=1)},
    )


#: For each check, rows with which every kind that it feeds fires.
SCENES = {
    "quotas": fire_quota,
    "backlogs": fire_backlogs,
    "outbox": fire_outbox,
    "dead_letters": fire_dead_letters,
    "leads_gone": fire_gone,
    "audit": fire_audit,
    "hold": fire_hold,
    "duplicates": fire_duplicates,
    "accounts": fire_accounts,
}


def add_ledger(connection: Connection, at: datetime, *, lane: int | None = 0, rows: int = 1) -> int:
    row = connection.execute(
        "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at, lane,"
        " reason) select n, 5, 'fit', 'rule', 'r', %(at)s, %(at)s, %(lane)s, 'r'"
        " from generate_series(1, %(rows)s) as n returning seq",
        {"at": at, "lane": lane, "rows": rows},
    ).fetchone()
    assert row
    return int(row[0])


def test_a_live_change_that_waits_is_a_backlog(connection, look, clock):
    add_ledger(connection, clock(), rows=3)
    assert look(5).opened == 0
    assert look(1).opened == 1
    connection.execute(
        "insert into delivery.targets values ('ma', 0, %s, %s, 'asked to wait (429)')",
        [clock(), clock() + timedelta(minutes=9)],
    )
    look(1)
    (incident,) = incidents(connection)
    assert incident.subject == "ma"
    assert "MA is 7 min behind" in shown(incident)
    assert "3 score changes pending" in shown(incident)
    assert "asked to wait (429)" in shown(incident)
    connection.execute("insert into delivery.cursors values ('ma', 0, 3)")
    look(1)
    assert look(3).resolved == 1


def test_a_used_up_quota_is_one_incident_that_ends_with_its_day(connection, look, clock):
    add_ledger(connection, clock() - timedelta(minutes=20), rows=3)
    fire_outbox(connection, clock())
    connection.execute("update delivery.outbox set target = 'ma'")
    connection.execute("insert into delivery.call_counts values ('ma', %s, 40)", [clock()])
    connection.execute("insert into delivery.call_counts values ('ma', %s, 2)", [clock() - timedelta(days=2)])
    connection.execute(
        "insert into delivery.quotas (target, used_up_until) values ('ma', %s)",
        [clock() + timedelta(minutes=9, seconds=30)],
    )
    assert look(1).opened == 1
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("quota_used_up", "ma")
    assert "40 calls in the last 24 hours" in shown(incident)
    look(8)
    assert len(incidents(connection)) == 1
    for _ in range(4):
        look(3)
    rows = connection.execute("select kind from incidents.incidents where resolved_at is null").fetchall()
    assert {kind for (kind,) in rows} == {"ma_backlog", "outbox_waiting"}


def test_a_used_up_quota_that_nothing_waits_for_is_no_news(connection, look, clock):
    fire_quota(connection, clock())
    connection.execute("update delivery.outbox set lane = 1")
    assert look(5).opened == 0


def test_backfill_and_what_nobody_is_to_be_told_is_no_backlog(connection, look, clock):
    add_ledger(connection, clock(), lane=1)
    add_ledger(connection, clock(), lane=None)
    assert look(60).opened == 0


@pytest.mark.parametrize(
    "statement",
    [
        "insert into delivery.batches (target, lane, idempotency_key, from_seq, deltas, rows,"
        " created_at) values ('ma', 0, 'k', 1, 1, '[]', now())",
        "insert into delivery.held_deltas (ledger_seq, target, lead_id, lane) values (1, 'ma', 1, 0)",
    ],
    ids=["in a batch", "held"],
)
def test_what_was_cut_but_has_not_arrived_still_waits(connection, look, clock, statement):
    assert add_ledger(connection, clock()) == 1
    connection.execute("insert into delivery.cursors values ('ma', 0, 1)")
    connection.execute(statement)
    assert look(5).opened == 0
    assert look(1).opened == 1


@pytest.mark.parametrize(
    ("states", "is_known", "opened"),
    [
        (["dead"], False, 0),
        (["dropped"], False, 0),
        (["dead", "pending"], False, 1),
        (["dead"], True, 1),
        (["pending"], False, 1),
    ],
)
def test_what_is_held_for_a_lead_that_nobody_makes_is_told_by_its_dead_letter_alone(
    connection, look, clock, states: list[str], is_known: bool, opened: int
):
    add_ledger(connection, clock())
    connection.execute("insert into delivery.cursors values ('ma', 0, 1)")
    connection.execute(
        "insert into delivery.held_deltas (ledger_seq, target, lead_id, lane) values (1, 'ma', 1, 0)"
    )
    if is_known:
        connection.execute("insert into delivery.external_ids values ('ma', 1, '9', now())")
    for number, state in enumerate(states):
        connection.execute(
            "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, lane,"
            " created_at, state) values ('ma', 'upsert_lead', 1, '{}', %s, 1, %s, %s)",
            [str(number), clock(), state],
        )
    assert look(6).opened == opened
    assert {incident.kind for incident in incidents(connection)} <= {"ma_backlog"}


@pytest.mark.parametrize(("attempts", "seq", "opened"), [(3, 0, 1), (0, 0, 0), (3, 1, 0)])
def test_a_total_once_more_that_no_answer_takes_is_told_although_backfill_may_wait(
    connection, look, clock, attempts: int, seq: int, opened: int
):
    connection.execute(
        "insert into delivery.batches (target, lane, idempotency_key, deltas, rows, created_at, attempts)"
        " values ('ma', 1, 'k', 1, %s, %s, %s)",
        [
            Json([{"seq": seq, "lead_id": 1, "external_id": "9", "points": 0, "reason": "r"}]),
            clock(),
            attempts,
        ],
    )
    assert look(6).opened == opened


def test_an_effect_that_waits_is_told_but_not_one_just_sent_again(connection, look, clock):
    connection.execute(
        "insert into delivery.outbox (target, operation, payload, idempotency_key, created_at, state)"
        " values ('crm', 'create_lead', '{}', 'k', %s, 'sending')",
        [clock()],
    )
    connection.execute(
        "insert into delivery.dead_letters (target, kind, reference, reason, died_at, state, settled_at)"
        " values ('crm', 'effect', 1, 'r', %s, 'retried', %s)",
        [clock(), clock() + timedelta(minutes=60)],
    )
    assert look(62).opened == 0
    assert look(1).opened == 1
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("outbox_waiting", "crm")
    assert "New leads have not reached CRM for 3 min" in shown(incident)
    connection.execute("update delivery.outbox set state = 'done'")
    look(1)
    assert look(3).resolved == 1


def test_dead_letters_name_reasons_and_leads_but_no_person(connection, look, clock):
    connection.execute(
        "insert into delivery.dead_letters (target, kind, reference, lead_id, reason, died_at)"
        " select 'ma', 'delta', n, n, 'HTTP 422: a@b.example is odd', %s from generate_series(1, 9) as n",
        [clock()],
    )
    look()
    (incident,) = incidents(connection)
    assert "MA permanently rejected 9 changes" in shown(incident)
    assert "unknown" not in shown(incident)
    assert "HTTP 422: [e-mail] is odd" in shown(incident)
    assert "9 leads, for example 1, 2, 3, 4, 5\n" in shown(incident)
    connection.execute("update delivery.dead_letters set state = 'dropped'")
    look(1)
    assert look(3).resolved == 1


def test_a_change_that_may_have_arrived_is_not_called_rejected(connection, look, clock):
    connection.execute(
        "insert into delivery.dead_letters (target, kind, reference, lead_id, reason, died_at)"
        " select 'ma', 'delta', n, n, %s, %s from generate_series(1, 2) as n",
        [AMBIGUOUS, clock()],
    )
    look()
    (incident,) = incidents(connection)
    assert "WARNING: It is unknown whether MA has 2 changes" in shown(incident)
    assert f"{AMBIGUOUS}\n" in shown(incident), "with the whole command"
    assert "The outcome of 2 is unknown: do not retry, run leadops dead-letters suggest" in shown(incident)
    assert "rejected" not in shown(incident)
    connection.execute(
        "insert into delivery.dead_letters (target, kind, reference, lead_id, reason, died_at)"
        " values ('ma', 'delta', 3, 3, 'HTTP 422', %s)",
        [clock()],
    )
    look(1)
    (incident,) = incidents(connection)
    for text in ("MA permanently rejected 1 change", "the cause (1 rejected)", "The outcome of 2 is"):
        assert text in shown(incident)


def add_gone(connection: Connection, at: datetime, *leads: int, word: str = "deleted") -> None:
    for lead in leads:
        connection.execute(
            "insert into delivery.external_ids (target, lead_id, external_id, learned_at, state, changed_at,"
            " reason) values ('ma', %s, %s, %s, 'gone', %s, %s)",
            [lead, str(lead), at, at, word],
        )


def test_leads_that_went_are_one_incident_for_a_day(connection, look, clock):
    add_gone(connection, clock(), 1, 2, 3, 4, 5, 6)
    add_gone(connection, clock(), 7, word="not_found")
    connection.execute(
        "insert into delivery.held_deltas (ledger_seq, target, lead_id, lane) values (1, 'ma', 2, 1)"
    )
    assert look().opened == 1
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("leads_gone", "ma")
    assert "7 leads are gone from MA" in shown(incident)
    assert "MA says deleted, not_found" in shown(incident)
    assert "1 with new points" in shown(incident)
    assert "leads 1, 2, 3, 4, 5:" in shown(incident)
    look(23 * 60)
    add_gone(connection, clock(), 8)
    look(1)
    assert look(3).resolved == 0
    look(23 * 60 + 57)
    assert look(3).resolved == 1, "a day after the newest, though none is back"


def test_the_incident_ends_at_once_with_the_last_lead_that_is_back(connection, look, clock):
    add_gone(connection, clock(), 1)
    assert look().opened == 1
    connection.execute("update delivery.external_ids set state = 'present'")
    look(1)
    assert look(3).resolved == 1


def test_a_lead_that_leadops_erased_itself_is_no_news(connection, look, clock):
    add_gone(connection, clock(), 1, word="erased")
    assert look().opened == 0


def test_what_waits_for_a_lead_that_is_gone_is_not_late(connection, look, clock):
    add_gone(connection, clock() - timedelta(days=2), 1)
    add_ledger(connection, clock())
    connection.execute("insert into delivery.cursors values ('ma', 0, 1)")
    connection.execute(
        "insert into delivery.held_deltas (ledger_seq, target, lead_id, lane) values (1, 'ma', 1, 0)"
    )
    connection.execute(
        "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at,"
        " state) values ('ma', 'set_fields', 1, '{}', 'k', %s, 'pending')",
        [clock()],
    )
    assert look(60).opened == 0
    connection.execute("update delivery.external_ids set state = 'unaligned'")
    assert look(1).opened == 2


NOW = datetime(2026, 7, 31, 19, tzinfo=UTC)
OPEN = "select subject, opened_at, facts from incidents.incidents where state = 'open'"


def audited(connection: Connection, *, ended: bool = True, **counts: int) -> None:
    names = ", ".join(
        ["night", "audited_by", "begun_at", "ended_at", "correction_limit", "missing_limit", *counts]
    )
    values = [date(2026, 7, 31), "test", NOW, NOW if ended else None, 100, 10, *counts.values()]
    connection.execute(
        f"insert into delivery.audits ({names}, lead_ids)"
        f" values ({', '.join(['%s'] * len(values))}, '{{4,9,12,13,14,15}}')",
        values,
    )
    connection.commit()


def look_at(connection: Connection, *, minutes: float = 0) -> list[tuple]:
    run_checks(
        connection,
        CHECKS,
        settings=SHIPPED.alerts,
        calendar=SlaCalendar(SHIPPED.sla),
        now=NOW + timedelta(minutes=minutes),
    )
    found = connection.execute(OPEN).fetchall()
    connection.commit()
    return found


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"differing": 101}, {"count": 101}),
        ({"missing_in_ma": 11}, {"missing": 11}),
        ({"inconsistent": 2}, {"inconsistent": 2}),
        ({"differing": 3, "corrected": 2}, {"count": 1}),
    ],
)
def test_what_was_left_is_one_incident_until_a_later_night_leaves_nothing(
    connection: Connection, counts: dict[str, int], told: dict[str, int]
) -> None:
    audited(connection, **counts)
    ((subject, opened_at, facts),) = look_at(connection)
    assert (subject, opened_at) == ("ma", NOW)
    assert {
        name: facts[name] for name in ("count", "missing", "inconsistent") if facts[name] is not None
    } == told
    assert facts["lead_ids"] == [4, 9, 12, 13, 14]
    audited(connection, ended=False)  # one that was cut off says nothing
    assert len(look_at(connection, minutes=1)) == 1
    audited(connection, differing=5, corrected=5, missing_in_ma=10)
    look_at(connection, minutes=2)
    assert look_at(connection, minutes=6) == []


def test_healed_is_no_news(connection: Connection) -> None:
    assert look_at(connection) == []
    audited(connection, differing=5, corrected=5)
    assert look_at(connection) == []
