"""MQLs with clocks, sales that act, and a CRM feed that may be late, each as one line."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.lifecycle.qualify import qualify_leads
from leadops.sla.sla_policy import SlaPolicy
from leadops.sla.watch_clocks import SlaWatchResult, watch_clocks
from leadops.subscribers import SUBSCRIBERS
from tests.shipped import SHIPPED

#: A Monday, 10:00 in Tokyo.
START = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
TABLES = (
    "lifecycle.transitions, lifecycle.facts, lifecycle.links, lifecycle.unlinked, lifecycle.inbox,"
    " crm.activities, crm.feeds, sla.inbox, sla.clocks, sla.breaches, delivery.outbox"
)


@dataclass
class ClockFixture:
    connection: Connection
    policy: SlaPolicy = field(default_factory=lambda: SHIPPED.sla)
    contract: KpiContract = field(default_factory=lambda: SHIPPED.kpi)
    activities: int = 0

    def at(self, minutes: float) -> datetime:
        """The time so many minutes after 10:00."""
        return START + timedelta(minutes=minutes)

    def clear(self) -> None:
        self.connection.execute(f"truncate {TABLES}")
        self.connection.commit()

    def mql(
        self, lead: int = 1, minute: float = 0, *, total: int = 120, cycle: int = 1, **facts: Any
    ) -> None:
        evidence = Jsonb({"fit": 40, "behaviour": total - 40, "total": total, **facts})
        self.connection.execute(
            "insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence,"
            " campaign, kpi_version) values (%s, %s, 'mql', %s, %s, %s, 'summer', '2026-Q1')",
            [lead, cycle, self.at(minute), self.at(minute), evidence],
        )
        self.connection.execute("insert into sla.inbox (lead_id, cycle) values (%s, %s)", [lead, cycle])
        self.connection.execute(
            "insert into lifecycle.links values (%s, %s, %s) on conflict do nothing",
            [f"L-{lead}", lead, self.at(minute)],
        )

    def did(
        self, lead: int, minute: float, kind: str = "call", status: str | None = None, *, rep: str = "rep-1"
    ) -> None:
        self.activities += 1
        self.connection.execute(
            "insert into crm.activities values (%s, %s, %s, %s, %s, %s, '{}', %s, %s, %s)",
            [
                *(f"a{self.activities}", f"L-{lead}", kind, status, rep, self.at(minute), self.at(minute)),
                *(kind, status),
            ],
        )
        self.connection.execute(
            "insert into lifecycle.inbox (activity_id) values (%s)", [f"a{self.activities}"]
        )

    def feed(self, minute: float) -> None:
        """The CRM feed is complete up to this minute."""
        self.connection.execute(
            "insert into crm.feeds values ('activities', '', %(t)s, %(t)s)"
            " on conflict (feed) do update set as_of = %(t)s",
            {"t": self.at(minute)},
        )

    def watch(self, minute: float, *, feed: float | None = None, qualify: bool = True) -> SlaWatchResult:
        """Look at the clocks at `minute`; the feed is fresh, or as fresh as `feed`."""
        self.feed(minute if feed is None else feed)
        if qualify:
            qualify_leads(
                self.connection,
                contract=self.contract,
                subscribers=SUBSCRIBERS,
                fold_case=True,
                now=self.at(minute),
            )
        watched = watch_clocks(self.connection, policy=self.policy, now=self.at(minute))
        self.connection.commit()
        return watched

    def state(self, lead: int = 1, clock: str = "first_contact", cycle: int = 1) -> str | None:
        """What alerts see of the clock; None when there is no row."""
        row = self.breach(lead, clock, cycle)
        return row["state"] if row else None

    def breach(self, lead: int = 1, clock: str = "first_contact", cycle: int = 1) -> dict[str, Any] | None:
        row = self.connection.execute(
            "select state, started_at, due_at, stopped_at, business_minutes, target_minutes, changed_at,"
            " evidence from sla.breaches where lead_id = %s and clock = %s and cycle = %s",
            [lead, clock, cycle],
        ).fetchone()
        names = ("state", "started_at", "due_at", "stopped_at", "minutes", "target", "changed_at", "evidence")
        return dict(zip(names, row, strict=True)) if row else None

    def clock(self, lead: int = 1, clock: str = "first_contact", cycle: int = 1) -> tuple[Any, ...] | None:
        return self.connection.execute(
            "select state, due_at, stopped_at from sla.clocks"
            " where lead_id = %s and clock = %s and cycle = %s",
            [lead, clock, cycle],
        ).fetchone()


@pytest.fixture
def desk(connection: Connection) -> ClockFixture:
    return ClockFixture(connection)
