"""A small company to qualify leads in: points, visits and what sales did, each as one line."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.lifecycle.qualify import QualificationResult, qualify_leads
from leadops.normalization.word_keys import make_word_key
from leadops.subscribers import SUBSCRIBERS
from tests.shipped import SHIPPED

START = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)


def minutes(count: float) -> datetime:
    """The time so many minutes after the start."""
    return START + timedelta(minutes=count)


@dataclass
class Company:
    connection: Connection
    contract: KpiContract = field(default_factory=lambda: SHIPPED.kpi)

    def lead(self, email: str = "taro@example.com") -> int:
        row = self.connection.execute(
            "insert into identity.leads (email, created_at, first_event_seq) values (%s, %s, 0)"
            " returning lead_id",
            [email, START],
        ).fetchone()
        assert row
        return int(row[0])

    def visit(self, lead: int, at: datetime, campaign: str | None = None, *, history: bool = False) -> int:
        context = {"utm": {"campaign": campaign}} if campaign else {}
        row = self.connection.execute(
            "insert into cdp.events (event_id, event, ts, received_at, payload, is_history, proof)"
            " values (gen_random_uuid(), 'view_pricing', %s, %s, %s, %s, 'write_key') returning seq",
            [at, at, Jsonb({"properties": {}, "context": context}), history],
        ).fetchone()
        assert row
        self.connection.execute("insert into identity.resolved_events values (%s, %s)", [row[0], lead])
        return int(row[0])

    def points(
        self,
        lead: int,
        at: datetime,
        *,
        fit: int = 0,
        behaviour: int = 0,
        lane: int | None = 0,
        live: bool | None = None,
        rule: str = "view_pricing",
        event: int | None = None,
    ) -> None:
        for dimension, count in (("fit", fit), ("behaviour", behaviour)):
            if count:
                self.connection.execute(
                    "insert into scoring.ledger (lead_id, points, dimension, kind, rule, event_seq,"
                    " occurred_at, recorded_at, rule_set_id, lane, is_live, reason)"
                    " values (%s, %s, %s, 'rule', %s, %s, %s, %s, 7, %s, %s, '')",
                    [lead, count, dimension, rule, event, at, at, lane, lane == 0 if live is None else live],
                )
        self.connection.execute(
            "insert into scoring.scores (lead_id, fit, behaviour, updated_at)"
            " values (%(l)s, %(f)s, %(b)s, %(t)s) on conflict (lead_id) do update"
            " set fit = scores.fit + %(f)s, behaviour = scores.behaviour + %(b)s",
            {"l": lead, "f": fit, "b": behaviour, "t": at},
        )

    def crm_id(self, lead: int, crm_id: str) -> None:
        self.connection.execute(
            "insert into delivery.external_ids values ('crm', %s, %s, %s)"
            " on conflict (target, lead_id) do update set external_id = excluded.external_id",
            [lead, crm_id, START],
        )
        self.connection.execute("update delivery.outbox set state = 'done' where lead_id = %s", [lead])

    def activity(self, activity_id: str, crm_id: str, kind: str, at: datetime, **facts: Any) -> None:
        self.connection.execute(
            "insert into crm.activities values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                activity_id,
                crm_id,
                kind,
                facts.get("status"),
                facts.get("rep_id", "rep-1"),
                at,
                Jsonb(facts.get("details", {})),
                facts.get("recorded_at", at),
                make_word_key(kind),
                make_word_key(facts["status"]) if facts.get("status") else None,
            ],
        )
        self.connection.execute("insert into lifecycle.inbox (activity_id) values (%s)", [activity_id])

    def qualify(self, at: datetime, **options: Any) -> QualificationResult:
        found = qualify_leads(
            self.connection,
            contract=self.contract,
            subscribers=SUBSCRIBERS,
            fold_case=True,
            now=at,
            **options,
        )
        self.connection.commit()
        return found

    def mql(self, at: datetime = START, email: str = "taro@example.com", crm_id: str = "L-1") -> int:
        """A lead that is MQL at `at` and known to the CRM."""
        lead = self.lead(email)
        self.points(lead, at, fit=30, behaviour=50)
        assert self.qualify(at).mql == 1
        self.crm_id(lead, crm_id)
        return lead

    def stages(self, lead: int, cycle: int = 1) -> dict[str, datetime]:
        return dict(
            self.connection.execute(
                "select stage, occurred_at from lifecycle.transitions where lead_id = %s and cycle = %s",
                [lead, cycle],
            ).fetchall()
        )

    def evidence(self, lead: int, stage: str = "mql", cycle: int = 1) -> dict[str, Any]:
        row = self.connection.execute(
            "select evidence || jsonb_build_object('campaign', campaign, 'version', kpi_version)"
            " from lifecycle.transitions where lead_id = %s and stage = %s and cycle = %s",
            [lead, stage, cycle],
        ).fetchone()
        assert row
        return dict(row[0])

    def wanted(self, lead: int) -> list[tuple[Any, ...]]:
        return self.connection.execute(
            "select idempotency_key, target, operation, lane, payload from delivery.outbox"
            " where lead_id = %s order by outbox_id",
            [lead],
        ).fetchall()


@pytest.fixture
def company(connection: Connection) -> Company:
    return Company(connection)


@pytest.fixture
def after() -> Any:
    """`minutes`: the time so many minutes after the start."""
    return minutes
