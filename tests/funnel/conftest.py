"""A small company whose days are counted: leads and what became of them, each as one line."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from leadops.company import Company
from leadops.db import Connection
from leadops.funnel.funnel_settings import FunnelSettings
from leadops.funnel.refresh_funnel import FunnelRefreshResult, refresh_funnel
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.sla.sla_policy import SlaPolicy
from tests.shipped import SHIPPED, change

#: All is looked at long after it happened.
NOW = datetime(2026, 12, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    """A time of 2026 in Tokyo (UTC+9): "06-01 10:00"."""
    return datetime.fromisoformat(f"2026-{text}+09:00")


def on(text: str) -> date:
    """A day of 2026: "06-01"."""
    return date.fromisoformat(f"2026-{text}")


@dataclass
class Books:
    connection: Connection
    company: Company = field(default_factory=lambda: change(SHIPPED.company, timezone="Asia/Tokyo"))
    settings: FunnelSettings = field(default_factory=lambda: SHIPPED.funnel)
    contract: KpiContract = field(default_factory=lambda: SHIPPED.kpi)
    policy: SlaPolicy = field(default_factory=lambda: SHIPPED.sla)
    now: datetime = NOW

    def lead(self, created: datetime, *, campaign: str | None = None, source: str | None = None) -> int:
        row = self.connection.execute(
            "insert into identity.leads (created_at, campaign, source) values (%s, %s, %s) returning lead_id",
            [created, campaign, source],
        ).fetchone()
        self.connection.commit()
        assert row
        return int(row[0])

    def reach(
        self,
        lead: int,
        stage: str,
        moment: datetime,
        *,
        cycle: int = 1,
        campaign: str | None = "spring",
        source: str | None = "search",
        value: Decimal | int | None = None,
        evidence: dict[str, Any] | None = None,
        recorded: datetime | None = None,
    ) -> None:
        self.connection.execute(
            "insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence,"
            " campaign, source, value, kpi_version) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, '2026-Q1')",
            [
                *(lead, cycle, stage, moment, recorded or moment, Jsonb(evidence or {})),
                *(campaign, source, value),
            ],
        )
        self.connection.commit()

    def mql(self, moment: datetime, *, campaign: str | None = "spring", source: str | None = "search") -> int:
        """A lead that comes and is MQL at `moment`."""
        lead = self.lead(moment, campaign=campaign, source=source)
        self.reach(lead, "mql", moment, campaign=campaign, source=source)
        return lead

    def place(self, lead: int, rep: str | None, moment: datetime, *, cycle: int = 1) -> None:
        """The lead is with a salesperson, or in a queue, since `moment`; it moves if it was elsewhere."""
        self.connection.execute(
            "insert into routing.leads (lead_id, cycle, state, rep_id, account, is_backfill, qualified_at,"
            " since, mql_lead_id, mql_cycle)"
            " values (%(lead)s, %(cycle)s, %(state)s, %(rep)s, %(account)s, false, %(moment)s, %(moment)s,"
            " %(lead)s, %(cycle)s)"
            " on conflict (lead_id, cycle) do update set rep_id = excluded.rep_id, state = excluded.state",
            {
                "lead": lead,
                "cycle": cycle,
                "rep": rep,
                "state": "owned" if rep else "queued",
                "account": f"lead:{lead}",
                "moment": moment,
            },
        )
        self.connection.commit()

    def refresh(self, day: date, **options: Any) -> FunnelRefreshResult:
        return refresh_funnel(
            self.connection,
            day=day,
            **{
                "company": self.company,
                "settings": self.settings,
                "contract": self.contract,
                "policy": self.policy,
                "now": self.now,
                **options,
            },
        )

    def refresh_all(self, first: date, last: date) -> None:
        for number in range((last - first).days + 1):
            self.refresh(first + timedelta(days=number))

    def daily(self, columns: str = "dt, campaign, leads, mqls, sals, sqls, wons, losts") -> list[Any]:
        return self.ask(f"select {columns} from analytics.daily_funnel order by dt, campaign, source")

    def ask(self, query: str, *values: Any) -> list[Any]:
        rows = self.connection.execute(query, list(values)).fetchall()
        self.connection.commit()
        return rows

    def everything(self) -> dict[str, list[Any]]:
        """All tables that a build writes, without when it wrote them."""
        queries = {
            "cells": "select * from analytics.funnel_cells order by dt, cohort_dt, campaign, source, rep_id",
            "sums": "select * from analytics.funnel_sums order by dt, dimension, key",
            "entries": "select * from analytics.funnel_entries order by dt, stage, lead_id, cycle",
            "left_out": "select * from analytics.left_out order by lead_id, cycle, stage",
            "responses": "select * from analytics.response_times order by lead_id, cycle",
            "summaries": "select * from analytics.response_time_summaries order by dt, dimension, key",
            "lead_times": "select * from analytics.lead_times order by dt, stage, scope, campaign",
            "days": "select dt, starts_at, ends_at, settings from analytics.built_days order by dt",
        }
        return {name: self.ask(query) for name, query in queries.items()}


@pytest.fixture
def books(connection: Connection) -> Books:
    return Books(connection)
