from datetime import UTC, datetime, timedelta

from leadops.consent.checks import check_opt_outs
from leadops.db import Connection
from leadops.incidents.check import CheckInput
from tests.shipped import SHIPPED

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
EFFECT = (
    "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at, state)"
    " values (%s, %s, %s, '{}', %s, %s, %s)"
)


def fire_opt_outs(connection: Connection, now: datetime) -> None:
    connection.execute(EFFECT, ["crm", "opt_out_lead", 1, "refused", now - timedelta(hours=2), "dead"])


#: For each check, rows with which every kind that it feeds fires.
SCENES = {"opt_outs": fire_opt_outs}


def test_an_opt_out_that_is_refused_or_old_is_found(connection: Connection) -> None:
    def find() -> list[tuple[str, int, int]]:
        given = CheckInput(SHIPPED.alerts, NOW, SHIPPED.company)
        findings = check_opt_outs(connection, given)
        return [(found.facts["target"], found.facts["count"], found.facts["refused"]) for found in findings]

    old, new = NOW - timedelta(minutes=61), NOW - timedelta(minutes=59)
    connection.execute(EFFECT, ["ma", "opt_out_lead", 1, "a", new, "sending"])
    connection.execute(EFFECT, ["ma", "opt_out_lead", 1, "b", old, "pending"])
    connection.execute(EFFECT, ["ma", "opt_in_lead", 1, "c", old, "dead"])
    connection.execute(EFFECT, ["ma", "opt_out_lead", 1, "d", old, "done"])
    assert find() == [], "young, or of a lead that the MA does not have"
    connection.execute(
        "insert into delivery.external_ids (target, lead_id, external_id, learned_at)"
        " values ('ma', 1, '7', now())"
    )
    connection.execute(EFFECT, ["crm", "opt_out_lead", 2, "e", new, "dead"])
    assert find() == [("crm", 1, 1), ("ma", 1, 0)]
