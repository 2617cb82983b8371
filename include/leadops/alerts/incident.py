"""An incident as it is on record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from leadops.alerts.kinds import KINDS
from leadops.db import Connection

COLUMNS = "incident_id, kind, subject, opened_at, resolved_at, escalated_at, facts"


@dataclass(frozen=True)
class Incident:
    """One thing that is or was wrong; times in UTC."""

    incident_id: int
    kind: str
    subject: str
    opened_at: datetime
    resolved_at: datetime | None
    escalated_at: datetime | None
    facts: Mapping[str, Any]

    @property
    def is_open(self) -> bool:
        """Whether it is still wrong."""
        return self.resolved_at is None

    @property
    def is_critical(self) -> bool:
        """Whether somebody has to get up for it."""
        return KINDS[self.kind].severity == "critical"

    @property
    def lasted(self) -> timedelta:
        """How long it was wrong; nothing while it is not over."""
        return (self.resolved_at or self.opened_at) - self.opened_at


def read_incidents(connection: Connection, message_id: int) -> list[Incident]:
    """Return the incidents that a message tells, the oldest first."""
    rows = connection.execute(
        f"select {COLUMNS} from alerts.incidents where message_id = %s order by opened_at, incident_id",  # noqa: S608
        [message_id],
    )
    return [Incident(*row) for row in rows]
