"""Leads with their stages and costs, each as one line."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from psycopg.rows import dict_row

from leadops.db import Connection
from leadops.economics.costs import Cost, record_costs
from leadops.economics.economics_settings import EconomicsSettings
from leadops.economics.refresh_economics import EconomicsRefreshResult, refresh_economics
from tests.shipped import SHIPPED, change

NOW = datetime(2026, 12, 1, tzinfo=UTC)
COMPANY = change(SHIPPED.company, timezone="Asia/Tokyo", currency="JPY")


def settings(**changed: Any) -> EconomicsSettings:
    """The defaults, with some changed."""
    return SHIPPED.economics.model_copy(update=changed)


@dataclass
class Books:
    connection: Connection
    leads: int = 0
    entries: int = 0

    def lead(self, campaign: str | None, mql: str, **stages: str) -> int:
        """An MQL at local noon of the day `mql`, and its further stages by name."""
        self.leads += 1
        for stage, day in {"mql": mql, **stages}.items():
            if stage != "value":
                self.stage(self.leads, stage, day, campaign, stages.get("value") if stage == "won" else None)
        return self.leads

    def stage(
        self, lead: int, stage: str, day: str, campaign: str | None = None, value: str | None = None
    ) -> None:
        at = datetime.fromisoformat(day if "T" in day else f"{day}T12:00").replace(tzinfo=COMPANY.zone)
        self.connection.execute(
            "insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence,"
            " campaign, kpi_version, value) values (%s, 1, %s, %s, %s, '{}', %s, 'v', %s)",
            [lead, stage, at, at, campaign, value],
        )

    def cost(
        self, month: str, category: str, amount: str | None, campaign: str | None = None, **more: Any
    ) -> None:
        self.entries += 1
        record_costs(
            self.connection,
            [
                Cost(
                    date.fromisoformat(month),
                    category,
                    f"test:{self.entries}",
                    Decimal(amount) if amount else None,
                    campaign,
                    **more,
                )
            ],
            now=datetime(2026, 1, 1, tzinfo=UTC),
            fold_case=True,
        )

    def refresh(self, day: str, *, now: datetime = NOW, **changed: Any) -> EconomicsRefreshResult:
        return refresh_economics(
            self.connection,
            day=date.fromisoformat(day),
            settings=settings(**changed),
            company=COMPANY,
            now=now,
        )

    def ratios(self, day: str, month: str) -> dict[str, dict[str, Any]]:
        """The ratios of a month by campaign; the month's own under 'total'."""
        with self.connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(
                "select * from economics.ratios where as_of = %s and month = %s", [day, month]
            ).fetchall()
        return {"total" if row["is_total"] else row["campaign"] or row["line"]: row for row in rows}


@pytest.fixture
def books(connection: Connection) -> Books:
    return Books(connection)
