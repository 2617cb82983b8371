"""A minute of a made-up installation, for the page Now; every number of it can be checked by hand."""

from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from leadops.db import Connection

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def fill_now(connection: Connection, now: datetime) -> None:
    """Write what the page Now shows at `now`, and commit.

    Events to points: three events took 4, 6 and 20 s; two wait, the older one for 40 s. Points to the MA: two
    batches took 10 and 30 s; one of 3 changes waits for 6 min. Form to CRM: one lead took 2 s; one waits for
    90 s. The feed of the CRM is 3 min old. Two incidents are open, one of them in Slack.
    """
    for seq, (ago, seconds) in enumerate([(10 * MINUTE, 4), (9 * MINUTE, 6), (8 * MINUTE, 20)], start=1):
        _add_event(connection, f"scored-{seq}", now - ago)
        _add_points(connection, seq, now - ago + seconds * SECOND)
    for name, ago in (("waits-1", 40 * SECOND), ("waits-2", 5 * SECOND)):
        seq = _add_event(connection, name, now - ago)
        connection.execute("insert into identity.inbox (event_seq) values (%s)", [seq])
    connection.execute("insert into delivery.cursors (target, lane, ledger_seq) values ('ma', 0, 1000)")
    _add_batch(connection, "first", now - 7 * MINUTE, seconds=10, deltas=2)
    _add_batch(connection, "second", now - 7 * MINUTE, seconds=30, deltas=5)
    _add_batch(connection, "third", now - 6 * MINUTE, seconds=None, deltas=3)
    _add_effect(connection, "made", now - 20 * MINUTE, seconds=2)
    _add_effect(connection, "waits", now - 90 * SECOND, seconds=None)
    connection.execute(
        "insert into delivery.targets (target, tokens, refilled_at, paused_until, pause_reason) values"
        " ('ma', 1, %(now)s, %(until)s, '503 Service Unavailable'), ('crm', 1, %(now)s, null, null)",
        {"now": now, "until": now + 2 * MINUTE},
    )
    for target, ago, calls in (("ma", 10, 40), ("ma", 45, 2), ("ma", 300, 100), ("crm", 20, 7)):
        connection.execute(
            "insert into delivery.call_counts (target, starts_at, calls) values (%s, %s, %s)",
            [target, now - ago * MINUTE, calls],
        )
    for ago, state in ((2 * HOUR, "open"), (3 * HOUR, "dropped"), (30 * HOUR, "open")):
        connection.execute(
            "insert into delivery.dead_letters (target, kind, reference, reason, died_at, state)"
            " values ('crm', 'effect', 1, 'the field industry takes no such value', %s, %s)",
            [now - ago, state],
        )
    connection.execute(
        "insert into crm.feeds (feed, cursor, as_of, polled_at, first_polled_at)"
        " values ('activities', '7', %s, %s, %s)",
        [now - 3 * MINUTE, now - 20 * SECOND, now - 90 * HOUR],
    )
    _add_incidents(connection, now)
    beats = {
        **dict.fromkeys(("score_leads", "score_leads.push", "score_leads.assign", "check_alerts"), 25),
        "watch_sla": 600,
        "watch_sla.poll": 600,
    }
    for name, seconds in beats.items():
        connection.execute(
            "insert into incidents.heartbeats (name, succeeded_at) values (%s, %s)",
            [name, now - seconds * SECOND],
        )
    connection.execute(
        "insert into cdp.refused_calls (counted_at, reason, times) values (%s, 'unauthorized', 9)",
        [now - 15 * MINUTE],
    )
    connection.commit()


def add_visits(connection: Connection, now: datetime) -> None:
    """Write visits of the canary, and commit: for each hop how many minutes ago it began and its seconds.

    None: it waits. The newest visit at `score` waits for longer than the one before it took, that at `push`
    does not; the first one at `collect` is older than what the page looks at.
    """
    begun = {
        "push": (300, [(15, 400), (1, None)]),
        "score": (300, [(15, 10), (10, 200), (4, None)]),
        "collect": (120, [(7 * 60, 100), (15, 2), (10, 4), (5, 6)]),
    }
    connection.execute("insert into canary.visitors (email, began_at) values ('x', %s)", [now])
    for hop, (limit, times) in begun.items():
        for minutes, seconds in times:
            at = now - minutes * MINUTE
            row = connection.execute(
                "insert into canary.visits (visitor_id, event_id, form_id, form_key, warehouses, started_at)"
                " values (1, %s, 'f', 'f', '{}', %s) returning visit_id",
                [f"{hop}-{minutes}", at],
            ).fetchone()
            assert row
            connection.execute(
                "insert into canary.hops (visit_id, hop, follows, limit_minutes, begins_at, done_at)"
                " values (%s, %s, '{}', %s, %s, %s)",
                [row[0], hop, limit / 60, at, None if seconds is None else at + seconds * SECOND],
            )
    connection.commit()


def _add_event(connection: Connection, event_id: str, at: datetime) -> int:
    row = connection.execute(
        "insert into cdp.events (event_id, event, ts, received_at, anonymous_id, payload, proof)"
        " values (%s, 'page_view', %s, %s, 'visitor-1', '{}', 'write_key') returning seq",
        [event_id, at, at],
    ).fetchone()
    assert row is not None
    return int(row[0])


def _add_points(connection: Connection, event_seq: int, at: datetime) -> None:
    connection.execute(
        "insert into scoring.ledger"
        " (lead_id, points, dimension, kind, rule, event_seq, occurred_at, recorded_at, lane, reason)"
        " values (1, 5, 'behaviour', 'rule', 'page', %s, %s, %s, 0, 'a page')",
        [event_seq, at, at],
    )


def _add_batch(connection: Connection, key: str, at: datetime, *, seconds: int | None, deltas: int) -> None:
    settled = None if seconds is None else at + seconds * SECOND
    connection.execute(
        "insert into delivery.batches"
        " (target, lane, idempotency_key, deltas, rows, created_at, state, settled_at)"
        " values ('ma', 0, %s, %s, '[]', %s, %s, %s)",
        [key, deltas, at, "done" if settled else "ready", settled],
    )


def _add_effect(connection: Connection, key: str, at: datetime, *, seconds: int | None) -> None:
    settled = None if seconds is None else at + seconds * SECOND
    connection.execute(
        "insert into delivery.outbox"
        " (target, operation, lead_id, payload, idempotency_key, created_at, state, settled_at, body)"
        " values ('crm', 'create_lead', 1, '{}', %s, %s, %s, %s, %s)",
        [key, at, "done" if settled else "pending", settled, "{}" if settled else None],
    )


def _add_incidents(connection: Connection, now: datetime) -> None:
    message = connection.execute(
        "insert into alerts.messages (purpose, created_at, posted_at, channel, message_ts)"
        " values ('incident', %s, %s, 'C0123456789', '1700000000.123456') returning message_id",
        [now, now],
    ).fetchone()
    assert message is not None
    backlog = {
        "target": "ma",
        "minutes": 6.0,
        "worst": 6.0,
        "deltas": 3,
        "oldest_at": (now - 6 * MINUTE).isoformat(),
    }
    breach = {"rep_ids": ["rep-7"], "lead_ids": [1]}
    for kind, subject, ago, facts, message_id in (
        ("ma_backlog", "ma", 61 * MINUTE, backlog, int(message[0])),
        ("reps_without_profile", "reps", 4 * MINUTE, breach, None),
    ):
        connection.execute(
            "insert into incidents.incidents (kind, subject, opened_at, seen_at, facts, message_id)"
            " values (%s, %s, %s, %s, %s, %s)",
            [kind, subject, now - ago, now, Jsonb(facts), message_id],
        )
