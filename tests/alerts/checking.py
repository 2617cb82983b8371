"""What tests of checks share: a look at everything, and the incidents that it leaves."""

from typing import Any

import pytest

from leadops.alerts.checks import CHECKS
from leadops.alerts.render import render_incident
from leadops.db import Connection
from leadops.incidents.alert_settings import AlertSettings
from leadops.incidents.check import CdpReading
from leadops.incidents.incident import Incident
from leadops.incidents.run_checks import CheckResult, run_checks
from leadops.notifications.messages import Messages
from leadops.sla.sla_policy import SlaCalendar
from tests.alerts.conftest import clock, slack, slack_server
from tests.shipped import SHIPPED

__all__ = ["clock", "slack", "slack_server"]

SETTINGS = SHIPPED.alerts
CALENDAR = SlaCalendar(SHIPPED.sla)


@pytest.fixture
def look(connection: Connection, clock: Any) -> Any:
    """Check once, `minutes` after the last time."""

    def look(
        minutes: float = 0,
        *,
        lag: float | None = None,
        cdp: CdpReading | None = None,
        settings: AlertSettings = SETTINGS,
    ) -> CheckResult:
        connection.commit()
        now = clock.forward(minutes=minutes)
        cdp = cdp if lag is None else CdpReading(minutes_lag=lag, as_of=now)
        return run_checks(connection, CHECKS, settings=settings, calendar=CALENDAR, now=now, cdp=cdp)

    return look


def incidents(connection: Connection) -> list[Incident]:
    """Return all incidents, the oldest first."""
    rows = connection.execute(
        "select incident_id, kind, subject, opened_at, resolved_at, escalated_at, facts"
        " from incidents.incidents order by incident_id"
    ).fetchall()
    return [Incident(*row) for row in rows]


def shown(incident: Incident) -> str:
    rendered = render_incident(incident, messages=Messages(SHIPPED.company), settings=SETTINGS)
    return rendered.text + "\n" + "\n".join(block["text"]["text"] for block in rendered.blocks[1:-1])
