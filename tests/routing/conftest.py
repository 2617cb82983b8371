"""A sales team and leads that become MQL, each as one line."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.routing.assign_leads import AssignmentResult, assign_leads
from leadops.routing.routing_rules import RoutingRules
from tests.shipped import SHIPPED, change

#: A Monday, 10:00 in Tokyo.
START = datetime(2026, 6, 1, 1, 0, tzinfo=UTC)
TOKYO = ZoneInfo("Asia/Tokyo")
TABLES = (
    "routing.inbox, routing.leads, routing.accounts, routing.assignments, routing.notices,"
    " routing.unprofiled_reps, crm.reps,"
    " crm.feeds, lifecycle.transitions, lifecycle.facts, identity.leads, identity.aliases, identity.traits,"
    " delivery.outbox"
)


def rules(**changes: Any) -> RoutingRules:
    """The default rules, but for `changes` (as in the YAML)."""
    return change(SHIPPED.routing, **changes)


def everybody(**changes: Any) -> RoutingRules:
    """Rules under which anybody may take any lead."""
    return rules(rules=[{"name": "everybody"}], **changes)


def profile(**changes: Any) -> dict[str, Any]:
    """What the CRM says of a salesperson who works in Tokyo from nine to six."""
    return {
        "regions": ["Kanto"],
        "industries": ["software"],
        "languages": ["ja"],
        "capacity_per_day": 10,
        "working_hours": {"days": [1, 2, 3, 4, 5], "start": "09:00", "end": "18:00"},
        "zone": "Asia/Tokyo",
        "away": [],
    } | changes


@dataclass
class Office:
    connection: Connection
    rules: RoutingRules = field(default_factory=everybody)

    def at(self, minutes: float) -> datetime:
        return START + timedelta(minutes=minutes)

    def clear(self) -> None:
        self.connection.execute(f"truncate {TABLES}")
        self.connection.commit()

    def rep(self, rep_id: str, **changes: Any) -> None:
        self.connection.execute(
            "insert into crm.reps values (%s, %s, %s)"
            " on conflict (rep_id) do update set profile = excluded.profile",
            [rep_id, Jsonb(profile(**changes)), START],
        )

    def lead(self, lead: int, minute: float = 0) -> None:
        self.connection.execute(
            "insert into identity.leads (lead_id, email, created_at, first_event_seq)"
            " overriding system value values (%s, %s, %s, 0) on conflict do nothing",
            [lead, f"p{lead}@x.example", self.at(minute)],
        )
        self.connection.execute(
            "insert into identity.aliases (kind, value, lead_id, event_seq, linked_at)"
            " values ('email', %s, %s, 0, %s) on conflict do nothing",
            [f"p{lead}@x.example", lead, self.at(minute)],
        )

    def mql(
        self,
        lead: int,
        minute: float = 0,
        *,
        cycle: int = 1,
        quiet: bool = False,
        campaign: str | None = None,
        **traits: Any,
    ) -> None:
        at = self.at(minute)
        self.lead(lead, minute)
        for trait, value in traits.items():
            self.connection.execute(
                "insert into identity.traits values (%s, %s, %s, %s, 'e') on conflict do nothing",
                [lead, trait, Jsonb(value), at],
            )
        self.connection.execute(
            "insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence,"
            " campaign, kpi_version) values (%s, %s, 'mql', %s, %s, %s, %s, 'v')",
            [lead, cycle, at, at, Jsonb({"backfill": quiet}), campaign],
        )
        self.wake(lead, cycle, "mql")

    def wake(self, lead: int, cycle: int = 1, why: str = "breach") -> None:
        self.connection.execute(
            "insert into routing.inbox (lead_id, cycle, why) values (%s, %s, %s)", [lead, cycle, why]
        )

    def did(self, lead: int, fact: str, minute: float, rep: str = "a", cycle: int = 1) -> None:
        self.connection.execute(
            "insert into lifecycle.facts values (%s, %s, %s, %s, 'x', %s)",
            [lead, cycle, fact, self.at(minute), rep],
        )

    def feed(self, minute: float) -> None:
        """The CRM feed is complete up to this minute."""
        self.connection.execute(
            "insert into crm.feeds values ('activities', '', %(t)s, %(t)s)"
            " on conflict (feed) do update set as_of = %(t)s",
            {"t": self.at(minute)},
        )

    def assign(self, minute: float = 0, **options: Any) -> AssignmentResult:
        done = assign_leads(self.connection, rules=self.rules, now=self.at(minute), zone=TOKYO, **options)
        self.connection.commit()
        return done

    def owner(self, lead: int = 1, cycle: int = 1) -> str | None:
        """Who has the lead now, or the queue in which it waits."""
        row = self.connection.execute(
            "select coalesce(rep_id, queue) from routing.leads where lead_id = %s and cycle = %s",
            [lead, cycle],
        ).fetchone()
        return row[0] if row else None

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(query.encode(), values).fetchall()

    def story(self, lead: int = 1) -> list[tuple[Any, ...]]:
        """(to whom, why, cause) of each assignment."""
        return self.rows(
            "select coalesce(rep_id, queue), why, cause from routing.assignments"
            " where lead_id = %s order by cycle, number",
            lead,
        )

    def passed_over(self, lead: int = 1) -> dict[str, str]:
        """Why each was passed over, of the last assignment."""
        row = self.rows(
            "select passed_over from routing.assignments where lead_id = %s"
            " order by assignment_id desc limit 1",
            lead,
        )[0]
        return {rep: group["why"] for group in row[0] for rep in group["reps"]}

    def wanted(self) -> list[tuple[Any, ...]]:
        """(key, payload's owner, lane) of what the CRM is to be told."""
        return self.rows(
            "select idempotency_key, payload ->> 'owner_id', lane from delivery.outbox order by outbox_id"
        )


@pytest.fixture
def office(connection: Connection) -> Office:
    return Office(connection)
