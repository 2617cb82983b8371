"""A database in which everything waits that a metric counts, written row by row."""

from datetime import UTC, datetime, timedelta

from leadops.db import Connection

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
#: Words of people, which no metric may say.
PERSONAL = ("hanako", "buyer.example", "198.51.100.7")


def fill_metrics_world(connection: Connection) -> None:
    """Fill it as of NOW; commits."""
    run = connection.execute
    # Events 1 to 4 arrived 10, 9, 2 and 1 minutes ago; 3 and 4 wait for resolve, 1 too, as backfill.
    for number, minutes in enumerate((10, 9, 2, 1), start=1):
        run(
            "insert into cdp.events (event_id, event, ts, received_at, email, payload, proof)"
            " values (%s, 'page_view', %s, %s, 'hanako@buyer.example', '{}', 'write_key')",
            [f"e-{number}", NOW - minutes * MINUTE, NOW - minutes * MINUTE],
        )
    run("insert into identity.inbox (event_seq, lane) values (3, 0), (4, 0), (1, 1)")
    run("insert into scoring.inbox (lead_id, lane, event_seq) values (1, 0, 2), (2, 0, null), (3, 1, null)")
    # Rows 1 to 4 of the ledger; 1 is in a call, 2 is held, 3 and 4 are in no call yet.
    for seq, (event, seconds, lane) in enumerate(
        ((1, 540, 0), (1, 530, 0), (2, 500, 0), (2, 300, 1)), start=1
    ):
        run(
            "insert into scoring.ledger (lead_id, points, dimension, kind, rule, event_seq, occurred_at,"
            " recorded_at, lane, reason) values (1, %s, 'behaviour', 'rule', 'r', %s, %s, %s, %s, 'hanako')",
            [seq, event, NOW, NOW - seconds * SECOND, lane],
        )
    run("insert into delivery.cursors (target, lane, ledger_seq) values ('ma', 0, 2), ('ma', 1, 2)")
    run("insert into delivery.held_deltas (ledger_seq, target, lead_id, lane) values (2, 'ma', 1, 0)")
    for key, state, seconds in (
        ("open", "ready", None),
        ("a", "done", 100),
        ("b", "done", 80),
        ("c", "dead", 70),
    ):
        run(
            "insert into delivery.batches (target, lane, idempotency_key, from_seq, deltas, rows, created_at,"
            " state, settled_at) values ('ma', 0, %s, 1, 7, '[]', %s, %s, %s)",
            [key, NOW - 520 * SECOND, state, None if seconds is None else NOW - seconds * SECOND],
        )
    for target, key, state, minutes in (
        ("crm", "k-1", "pending", 4),
        ("crm", "k-2", "sending", 3),
        ("ma", "k-3", "done", 5),
        ("ma", "k-4", "dead", 6),
    ):
        settled = NOW - 2 * MINUTE if state in ("done", "dead") else None
        run(
            "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at,"
            " state, settled_at) values"
            " (%s, 'create_lead', 1, '{\"email\": \"hanako@buyer.example\"}', %s, %s, %s, %s)",
            [target, key, NOW - minutes * MINUTE, state, settled],
        )
    run(
        "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at,"
        " state, settled_at) values ('ma', 'enrol_lead', 1, '{}', 'k-5', %s, 'dead', %s)",
        [NOW - 6 * MINUTE, NOW - 2 * MINUTE],
    )
    run(
        "insert into cdp.quarantine (received_at, reason, detail, body, proof)"
        " values (%s, 'invalid_ts', '', 'hanako 1', 'claim'), (%s, 'invalid_ts', '', 'hanako 2', 'claim'),"
        " (%s, 'known_bot', '', 'x', 'claim')",
        [NOW] * 3,
    )
    run(
        "insert into intake.quarantined_forms"
        " (submission_id, received_at, signed_at, secret, reason, detail, body)"
        " values ('s', %s, %s, 1, 'invalid_email', '', 'hanako@buyer.example')",
        [NOW, NOW],
    )
    run(
        "insert into delivery.targets (target, tokens, refilled_at, paused_until) values"
        " ('ma', 1, %(now)s, %(later)s), ('crm', 1, %(now)s, %(now)s)",
        {"now": NOW, "later": NOW + MINUTE},
    )
    run(
        "insert into delivery.quotas (target, day_limit, used_up_until) values ('crm', 5000, %s)",
        [NOW + MINUTE],
    )
    run(
        "insert into delivery.call_counts values ('ma', %s, 40), ('ma', %s, 2), ('ma', %s, 999)",
        [NOW - 20 * MINUTE, NOW - 5 * MINUTE, NOW - timedelta(hours=25)],
    )
    run("insert into delivery.call_outcomes values ('ma', 'answered', 41), ('ma', 'unknown', 1)")
    run(
        "insert into delivery.dead_letters (target, kind, reference, reason, died_at) values"
        " ('ma', 'effect', 4, 'hanako@buyer.example is refused', %s),"
        " ('ma', 'effect', 5, 'no such programme', %s)",
        [NOW, NOW],
    )
    run("insert into delivery.holds (reason, held_at) values ('by hand', %s)", [NOW])
    run(
        "insert into incidents.incidents (kind, subject, opened_at, seen_at, facts) values"
        " ('ma_backlog', 'ma', %(now)s, %(now)s, '{}'), ('sla_breach', 'a', %(now)s, %(now)s, '{}'),"
        " ('sla_breach', 'b', %(now)s, %(now)s, '{}')",
        {"now": NOW},
    )
    run(
        "insert into incidents.heartbeats (name, succeeded_at, beats) values"
        " ('score_leads', %s, 12), ('score_leads.push', %s, 13)",
        [NOW - MINUTE, NOW - 2 * MINUTE],
    )
    run(
        "insert into live.lanes"
        " (name, started_at, seen_at, worked_at, is_on, rounds, events, leads, lag_seconds)"
        " values ('works', %(now)s, %(now)s, %(now)s, true, 9, 9, 9, 0.75),"
        " ('waits', %(now)s, %(now)s, %(now)s, true, 9, 9, 9, 0.5),"
        " ('off', %(now)s, %(now)s, %(now)s, false, 9, 9, 9, null),"
        " ('gone', %(then)s, %(then)s, %(then)s, true, 9, 9, 9, 44)",
        {"now": NOW - MINUTE / 2, "then": NOW - 2 * MINUTE},
    )
    run(
        "insert into canary.visits (visitor_id, event_id, form_id, form_key, warehouses, started_at) values"
        " (1, 'v-1', 'f-1', 'k-1', '{}', %(then)s), (1, 'v-2', 'f-2', 'k-2', '{}', %(now)s)",
        {"now": NOW - 2 * MINUTE, "then": NOW - 7 * MINUTE},
    )
    run(
        "insert into canary.hops (visit_id, hop, follows, limit_minutes, begins_at, done_at) values"
        " (1, 'collect', '{}', 2, %(then)s, %(then)s), (1, 'score', '{collect}', 5, %(then)s, %(done)s),"
        " (2, 'collect', '{}', 2, %(now)s, %(now)s), (2, 'score', '{collect}', 5, %(now)s, null)",
        {"now": NOW - 2 * MINUTE, "then": NOW - 7 * MINUTE, "done": NOW - 6 * MINUTE},
    )
    run(
        "insert into crm.feeds (feed, as_of, held_back, polled_at) values"
        " ('activities', %s, interval '10 seconds', %s)",
        [NOW - 100 * SECOND, NOW],
    )
    connection.commit()
