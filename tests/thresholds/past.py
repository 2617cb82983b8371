"""MQLs and what became of them, each at an exact time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from leadops.db import Connection

#: When a day is over; nothing that became known then or later counts.
UNTIL = datetime(2026, 7, 1, 15, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def before(days: float) -> datetime:
    """Return the time that many days before UNTIL."""
    return UNTIL - timedelta(days=days)


@dataclass
class Past:
    connection: Connection
    leads: int = 0

    def mql(
        self, occurred: datetime, score: int | None = 60, *, known: datetime | None = None, **evidence: Any
    ) -> int:
        """Return the id of a new lead that became MQL at `occurred`."""
        self.leads += 1
        if score is not None:
            evidence |= {"total": score}
        self.reach(self.leads, "mql", occurred, known=known, evidence=evidence)
        return self.leads

    def reach(
        self,
        lead: int,
        stage: str,
        occurred: datetime,
        *,
        known: datetime | None = None,
        cycle: int = 1,
        evidence: dict[str, Any] | None = None,
        version: str = "2026-Q1",
    ) -> None:
        self.connection.execute(
            "insert into lifecycle.transitions"
            " (lead_id, cycle, stage, occurred_at, recorded_at, evidence, kpi_version)"
            " values (%s, %s, %s, %s, %s, %s, %s)",
            [lead, cycle, stage, occurred, known or occurred, Jsonb(evidence or {}), version],
        )

    def points(
        self,
        lead: int,
        points: int,
        recorded: datetime,
        *,
        kind: str = "rule",
        dimension: str = "behaviour",
    ) -> None:
        self.connection.execute(
            "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at,"
            " lane, reason) values (%s, %s, %s, %s, '', %s, %s, 0, '')",
            [lead, points, dimension, kind, recorded, recorded],
        )

    def clock(
        self,
        lead: int,
        stopped: datetime | None,
        minutes: float | None,
        *,
        clock: str = "first_contact",
        due: datetime = UNTIL,
        cycle: int = 1,
    ) -> None:
        self.connection.execute(
            "insert into sla.clocks (lead_id, cycle, clock, started_at, warn_at, due_at, target_minutes,"
            " policy, stopped_at, business_minutes, evidence) values (%s, %s, %s, now(), now(), %s, 240,"
            " '', %s, %s, '{}')",
            [lead, cycle, clock, due, stopped, minutes],
        )

    def fact(self, lead: int, fact: str, occurred: datetime, *, cycle: int = 1) -> None:
        self.connection.execute(
            "insert into lifecycle.facts (lead_id, cycle, fact, occurred_at, activity_id)"
            " values (%s, %s, %s, %s, 'a')",
            [lead, cycle, fact, occurred],
        )
