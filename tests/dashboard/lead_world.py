"""The story of one person in a made-up company, for the page of a lead; every item of it is known by hand."""

from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.scoring.active_rules import activate_rules
from tests.shipped import SHIPPED

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

#: Numbers of the leads: Hanako, her second address, her colleague who needs 6 points, one of our own.
HANAKO, SECOND, KENJI, OWN = 7001, 7002, 7003, 7004


def fill_lead(connection: Connection, now: datetime) -> None:
    """Write the story as of `now`, and commit.

    Hanako (industry 20, director 20) came with a form 9 days ago, looked at the prices, opened a mail that a
    gateway opened for her (taken back), became MQL 2 days ago, waited in a queue over night, went to Anna
    (Ben was full), was called after 30 minutes, and her points of 8 days ago lost 3 in two nights. A second
    address of hers was joined 5 days ago. Kenji has fit 30 and behaviour 34: 6 points are missing.
    """
    activate_rules(connection, rules=SHIPPED.scoring, zone=SHIPPED.company.zone, now=now - 30 * DAY)
    _add_leads(connection, now)
    form = _add_event(connection, HANAKO, "submit_form", now - 9 * DAY, page="/contact", campaign="spring")
    prices = _add_event(
        connection,
        HANAKO,
        "page_view",
        now - 8 * DAY,
        page="https://us.example/pricing?mail=hanako@acme.example#top",
        properties={"title": "Prices"},
    )
    mail = _add_event(connection, HANAKO, "mail_open", now - 7 * DAY)
    visit = _add_event(connection, SECOND, "view_pricing", now - 6 * DAY)
    _add_points(connection, HANAKO, now - 9 * DAY, 20, "industry_target", dimension="fit")
    _add_points(connection, HANAKO, now - 9 * DAY, 20, "title_decides", dimension="fit")
    _add_points(connection, HANAKO, now - 9 * DAY, 20, "submit_form", event=form)
    _add_points(connection, HANAKO, now - 8 * DAY, 15, "pricing_page", event=prices)
    _add_points(connection, HANAKO, now - 7 * DAY, 1, "mail_open", event=mail)
    reason = "mail_open: a machine's act: network, 203.0.113.7 is listed"
    _add_points(
        connection, HANAKO, now - 6 * DAY, -1, "mail_open", event=mail, kind="correction", reason=reason
    )
    reason = f"view_pricing: lead {SECOND} was merged into this one"
    _add_points(connection, HANAKO, now - 5 * DAY, 15, "view_pricing", event=visit, reason=reason)
    for night, points in ((4, -1), (3, -2)):
        reason = "behaviour of 50 points is worth less"
        _add_points(connection, HANAKO, now - night * DAY, points, "decay", kind="decay", reason=reason)
    _add_score(connection, HANAKO, fit=40, behaviour=47)
    connection.execute(
        "insert into machines.verdicts (event_seq, lead_id, signal, reason, classified_at)"
        " values (%s, %s, 'network', '203.0.113.7 is listed', %s)",
        [mail, HANAKO, now - 6 * DAY],
    )
    connection.execute(
        "insert into identity.lead_merges (older_lead_id, younger_lead_id, kind, value, event_seq, merged_at)"
        " values (%s, %s, 'user_id', 'hanako-1', %s, %s)",
        [HANAKO, SECOND, visit, now - 5 * DAY],
    )
    _add_sales(connection, now)
    _add_calls(connection, now)
    for event, points, rule in (
        ("view_pricing", 15, "view_pricing"),
        ("webinar_attend", 15, "webinar_attend"),
    ):
        seq = _add_event(connection, KENJI, event, now - 3 * DAY)
        _add_points(connection, KENJI, now - 3 * DAY, points, rule, event=seq)
    seq = _add_event(connection, KENJI, "page_view", now - 2 * DAY, page="/products")
    _add_points(connection, KENJI, now - 2 * DAY, 4, "other_page", event=seq)
    _add_points(connection, KENJI, now - 3 * DAY, 30, "industry_target", dimension="fit")
    _add_score(connection, KENJI, fit=30, behaviour=34)
    connection.commit()


def _add_leads(connection: Connection, now: datetime) -> None:
    for lead, email, days, company in (
        (HANAKO, "hanako@acme.example", 9, "株式会社Acme"),
        (SECOND, "hanako.suzuki@mail.example", 6, None),
        (KENJI, "kenji@acme.example", 3, "ACME Inc."),
        (OWN, "staff@us.example", 4, "us"),
    ):
        connection.execute(
            "insert into identity.leads (lead_id, email, created_at, first_event_seq, is_from_form, campaign)"
            " overriding system value values (%s, %s, %s, 0, %s, %s)",
            [lead, email, now - days * DAY, lead == HANAKO, "spring" if lead == HANAKO else None],
        )
        connection.execute(
            "insert into identity.aliases (kind, value, lead_id, linked_at) values ('email', %s, %s, %s)",
            [email, lead, now - days * DAY],
        )
        if company:
            key = {"us": "us"}.get(company, "acme")
            forms = [key, company.lower()]
            connection.execute(
                "insert into identity.traits (lead_id, trait, value, comparable, ts, event_id)"
                " values (%s, 'company', %s, %s, %s, 'e')",
                [lead, Jsonb(company), Jsonb(forms), now - days * DAY],
            )
    for trait, value in (("title", "Director of Sales"), ("industry", "software"), ("country", "JP")):
        connection.execute(
            "insert into identity.traits (lead_id, trait, value, ts, event_id) values (%s, %s, %s, %s, 'e')",
            [HANAKO, trait, Jsonb(value), now - 9 * DAY],
        )
    connection.execute(
        "insert into identity.people (lead_id, person_id) values (%(a)s, %(a)s), (%(b)s, %(a)s)",
        {"a": HANAKO, "b": SECOND},
    )
    connection.execute("update identity.leads set merged_into = %s where lead_id = %s", [HANAKO, SECOND])
    connection.execute(
        "insert into identity.uncounted_leads values (%s, 'internal', 'domain us.example', %s)",
        [OWN, now - 4 * DAY],
    )


def _add_event(
    connection: Connection,
    lead: int,
    event: str,
    at: datetime,
    *,
    page: str = "",
    campaign: str = "",
    properties: dict[str, Any] | None = None,
) -> int:
    context: dict[str, Any] = {"page": page} if page else {}
    if campaign:
        context["utm"] = {"campaign": campaign, "source": "newsletter"}
    row = connection.execute(
        "insert into cdp.events (event_id, event, ts, received_at, payload, proof)"
        " values (gen_random_uuid(), %s, %s, %s, %s, 'write_key') returning seq",
        [event, at, at, Jsonb({"properties": properties or {}, "context": context})],
    ).fetchone()
    assert row
    connection.execute("insert into identity.resolved_events values (%s, %s)", [row[0], lead])
    return int(row[0])


def _add_points(
    connection: Connection,
    lead: int,
    at: datetime,
    points: int,
    rule: str,
    *,
    dimension: str = "behaviour",
    kind: str = "rule",
    event: int | None = None,
    reason: str = "",
) -> None:
    connection.execute(
        "insert into scoring.ledger (lead_id, points, dimension, kind, rule, event_seq, occurred_at,"
        " recorded_at, rule_set_id, lane, is_live, reason)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, 1, 0, true, %s)",
        [lead, points, dimension, kind, rule, event, at, at, reason or rule],
    )


def _add_score(connection: Connection, lead: int, *, fit: int, behaviour: int) -> None:
    connection.execute(
        "insert into scoring.scores (lead_id, fit, behaviour, updated_at) values (%s, %s, %s, now())",
        [lead, fit, behaviour],
    )
    connection.execute(
        "insert into delivery.cursors (target, lane, ledger_seq)"
        " select 'ma', 0, max(seq) from scoring.ledger"
        " on conflict (target, lane) do update set ledger_seq = excluded.ledger_seq"
    )


def _add_sales(connection: Connection, now: datetime) -> None:
    mql_at = now - 2 * DAY
    evidence = {
        "fit": 40,
        "behaviour": 47,
        "total": 87,
        "kpi_version": "2026-Q1",
        "backfill": False,
        "reasons": [{"rule": "industry_target", "points": 20}, {"rule": "submit_form", "points": 20}],
    }
    for stage, at, told in (
        ("mql", mql_at, evidence),
        ("sal", mql_at + 14 * HOUR, {"activity_id": "act-2", "rep_id": "rep-a"}),
    ):
        connection.execute(
            "insert into lifecycle.transitions"
            " (lead_id, cycle, stage, occurred_at, recorded_at, evidence, campaign, kpi_version)"
            " values (%s, 1, %s, %s, %s, %s, 'spring', '2026-Q1')",
            [HANAKO, stage, at, at, Jsonb(told)],
        )
    connection.execute(
        "insert into lifecycle.person_cycles (lead_id, cycle, person_cycle) values (%s, 1, 1)", [HANAKO]
    )
    connection.execute(
        "insert into crm.reps (rep_id, profile, updated_at) values"
        " ('rep-a', '{\"name\": \"Anna Arai\"}', now()), ('rep-b', '{\"name\": \"Ben Baba\"}', now())"
    )
    passed_over = [{"rule": "everybody", "why": "has had 10 leads today, capacity 10", "reps": ["rep-b"]}]
    for number, rep, queue, why, cause, hours, skipped in (
        (1, None, "apac", "queue", "mql", 0, []),
        (2, "rep-a", None, "share", "queue", 13, passed_over),
    ):
        connection.execute(
            "insert into routing.assignments (lead_id, cycle, number, rep_id, queue, why, cause, rule,"
            " is_backfill, assigned_at, waited_minutes, facts, passed_over, rules)"
            " values (%s, 1, %s, %s, %s, %s, %s, 'everybody', false, %s, %s, '{\"title\": \"x\"}', %s, '')",
            [HANAKO, number, rep, queue, why, cause, mql_at + hours * HOUR, hours * 60, Jsonb(skipped)],
        )
    connection.execute(
        "insert into routing.notices (assignment_id, state, created_at, settled_at)"
        " select assignment_id, 'sent', assigned_at, assigned_at from routing.assignments where number = 2"
    )
    connection.execute(
        "insert into routing.leads (lead_id, cycle, state, rep_id, account, is_backfill, qualified_at, since,"
        " mql_lead_id, mql_cycle) values (%s, 1, 'owned', 'rep-a', 'acme', false, %s, %s, %s, 1)",
        [HANAKO, mql_at, mql_at + 13 * HOUR, HANAKO],
    )
    for clock, target, minutes, state in (
        ("first_contact", 60.0, 30.0, "met"),
        ("sal", 120.0, None, "running"),
    ):
        stopped = mql_at + 13.5 * HOUR if minutes else None
        connection.execute(
            "insert into sla.clocks (lead_id, cycle, clock, state, started_at, warn_at, due_at,"
            " target_minutes, stopped_at, stopped_by, business_minutes, policy, evidence)"
            " values (%s, 1, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'p', '{\"tier\": \"all\"}')",
            [
                *(HANAKO, clock, state, mql_at, now + HOUR, now + 2 * HOUR, target),
                *(stopped, "contact" if minutes else None, minutes),
            ],
        )
    connection.execute(
        "insert into delivery.external_ids (target, lead_id, external_id, learned_at) values"
        " ('ma', %(lead)s, '48211', now()), ('crm', %(lead)s, 'L-1007', now())",
        {"lead": HANAKO},
    )
    for number, kind, status, hours in (("act-1", "call", None, 13.5), ("act-2", "status", "taken", 14)):
        connection.execute(
            "insert into crm.activities (activity_id, crm_lead_id, kind, status, rep_id, occurred_at,"
            " recorded_at, kind_key, status_key) values (%s, 'L-1007', %s, %s, 'rep-a', %s, %s, %s, %s)",
            [number, kind, status, mql_at + hours * HOUR, mql_at + hours * HOUR, kind, status],
        )


def _add_calls(connection: Connection, now: datetime) -> None:
    mql_at = now - 2 * DAY
    for target, operation, at, state, attempts, error in (
        ("ma", "upsert_lead", now - 9 * DAY + MINUTE, "done", 1, None),
        ("crm", "create_lead", mql_at + MINUTE, "done", 2, None),
        ("crm", "set_owner", mql_at + 13 * HOUR, "done", 1, None),
        ("ma", "set_fields", now - HOUR, "dead", 3, "the field of hanako@acme.example takes no such value"),
    ):
        connection.execute(
            "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at,"
            " state, attempts, settled_at, error)"
            " values (%s, %s, %s, %s, gen_random_uuid(), %s, %s, %s, %s, %s)",
            [target, operation, HANAKO, Jsonb({"owner_id": "rep-a"}), at, state, attempts, at, error],
        )
