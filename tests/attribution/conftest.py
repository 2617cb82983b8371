"""People who click and convert, each as one line, and the credits that come of it."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from leadops.attribution.attribution_settings import AttributionSettings
from leadops.attribution.refresh_attribution import AttributionRefreshResult, refresh_attribution
from leadops.company import Company
from leadops.db import Connection
from tests.shipped import SHIPPED

#: Noon in Tokyo on the day that the tests refresh.
DAY = date(2026, 6, 30)
NOON = datetime(2026, 6, 30, 3, 0, tzinfo=UTC)


def settings_with(**changes: Any) -> AttributionSettings:
    """The shipped settings, numbers from one conversion on; `changes` as in the file, nested keys by `__`."""
    body = SHIPPED.attribution.model_dump()
    body["evidence"] |= {"min_conversions": 1, "draws": 20}
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = body
        for parent in parents:
            place = place[parent]
        place[last] = value
    return AttributionSettings.model_validate(body)


@dataclass
class Market:
    connection: Connection
    settings: AttributionSettings = field(default_factory=settings_with)
    company: Company = SHIPPED.company

    def lead(self, number: int, **columns: Any) -> int:
        known = {"email": f"p{number}@x.example", "created_at": NOON, "first_event_seq": 0} | columns
        names = ", ".join(known)
        self.connection.execute(
            f"insert into identity.leads (lead_id, {names}) overriding system value"
            f" values ({', '.join(['%s'] * (len(known) + 1))})",
            [number, *known.values()],
        )
        return number

    def touch(
        self,
        lead: int | None,
        days: float,
        channel: str | None,
        campaign: str | None = None,
        *,
        event: str = "ad_click",
        properties: dict[str, Any] | None = None,
    ) -> int:
        """An event of `lead` so many days before noon; seq grows with each call."""
        at = NOON - timedelta(days=days)
        utm = {name: value for name, value in (("medium", channel), ("campaign", campaign)) if value}
        row = self.connection.execute(
            "insert into cdp.events (event_id, event, ts, received_at, payload, proof)"
            " values (gen_random_uuid(), %s, %s, %s, %s, 'write_key') returning seq",
            [event, at, at, Jsonb({"properties": properties or {}, "context": {"utm": utm} if utm else {}})],
        ).fetchone()
        assert row
        if lead is not None:
            self.connection.execute("insert into identity.resolved_events values (%s, %s)", [row[0], lead])
        return int(row[0])

    def convert(
        self,
        lead: int,
        days: float,
        *,
        value: str | None = None,
        stage: str = "sql",
        cycle: int = 1,
        **evidence: Any,
    ) -> None:
        at = NOON - timedelta(days=days)
        self.connection.execute(
            "insert into lifecycle.transitions"
            " (lead_id, cycle, stage, occurred_at, recorded_at, evidence, value, kpi_version)"
            " values (%s, %s, %s, %s, %s, %s, %s, 'v')",
            [lead, cycle, stage, at, at, Jsonb(evidence), value],
        )

    def refresh(self, day: date = DAY) -> AttributionRefreshResult:
        return refresh_attribution(
            self.connection, day=day, settings=self.settings, company=self.company, now=NOON
        )

    def credits(
        self, model: str = "last_touch", by: str = "channel", column: str = "conversions", day: date = DAY
    ) -> dict[str, Decimal]:
        """What each channel or campaign got, without those that got nothing."""
        rows = self.connection.execute(
            f"select {by}, {column} from attribution.credits where dt = %s and breakdown = %s and model = %s",
            [day, by, model],
        ).fetchall()
        return {name: number for name, number in rows if number}


@pytest.fixture
def market(connection: Connection) -> Market:
    return Market(connection)
