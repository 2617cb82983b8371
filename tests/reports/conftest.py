"""MQLs with their answers, and a Slack to post to."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadops.db import Connection
from leadops.reports.make_report import ReportRecord, make_report
from leadops.reports.report_period import ReportPeriod
from leadops.reports.responses import WAITING, ResponsePack, Responses, unpack_responses
from leadops_sandbox.serve import serve_in_thread
from tests.shipped import SHIPPED, change

NOW = datetime(2026, 10, 1, tzinfo=UTC)
Q3 = ReportPeriod(date(2026, 7, 1), date(2026, 9, 30), 1)


@dataclass
class ReportFixture:
    connection: Connection
    folder: Path
    leads: int = 0

    def answer(
        self,
        rep: str | None,
        minutes: float | None,
        *,
        campaign: str | None = "summer",
        cause: str | None = None,
        dt: date = date(2026, 8, 3),
        quiet: bool = False,
        ended: bool = False,
    ) -> None:
        self.leads += 1
        mql_at = datetime(dt.year, dt.month, dt.day, tzinfo=UTC)
        sal_at = None if minutes is None else mql_at + timedelta(minutes=minutes)
        self.connection.execute(
            "insert into analytics.response_times (lead_id, cycle, rep_id, campaign, mql_at, sal_at,"
            " ended_at, working_minutes, wall_minutes, local_hour, cause, is_backfill, dt)"
            " values (%s, 1, %s, %s, %s, %s, %s, %s, %s, 9, %s, %s, %s)",
            [
                *(self.leads, rep, campaign, mql_at, sal_at),
                mql_at + timedelta(days=2) if ended else None,
                *(minutes, minutes, cause, quiet, dt),
            ],
        )

    def make(self, *, language: str = "en", file: Path | None = None, **settings: Any) -> ReportRecord:
        return make_report(
            self.connection,
            period=Q3,
            settings=change(SHIPPED.reports, folder=str(self.folder), **settings),
            company=change(SHIPPED.company, language=language),
            policy=SHIPPED.sla,
            now=NOW,
            file=file,
        )

    def row(self, columns: str) -> tuple[Any, ...]:
        row = self.connection.execute(f"select {columns} from reports.reports").fetchone()  # type: ignore[call-overload]
        assert row
        return tuple(row)


@pytest.fixture
def desk(connection: Connection, tmp_path: Path) -> ReportFixture:
    return ReportFixture(connection, tmp_path / "reports")


@pytest.fixture
def slack(tmp_path: Path) -> Iterator[str]:
    """The URL of a sandbox of this test's own."""
    with serve_in_thread(tmp_path / "sandbox", clock=lambda: NOW) as url:
        yield url


def respond(*answers: float | tuple[str | None, str | None, float | None] | None) -> Responses:
    """Return MQLs that were answered after these minutes (None: not yet), or (rep, campaign, minutes).

    Every MQL came at nine.
    """
    rows = [answer if isinstance(answer, tuple) else ("a", None, answer) for answer in answers]
    return unpack_responses(
        ResponsePack(
            rep,
            campaign,
            1,
            struct.pack(">dh", WAITING if minutes is None else minutes, 9),
        )
        for rep, campaign, minutes in rows
    )
