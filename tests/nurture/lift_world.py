"""Programmes whose members are put on record as entering and sending do, and what became of them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.nurture.lift_settings import LiftSettings
from leadops.nurture.measure_lift import LiftRow, measure_lift
from tests.shipped import SHIPPED, change

#: All is looked at long after it happened.
NOW = datetime(2027, 6, 1, tzinfo=UTC)
COMPANY = change(SHIPPED.company, timezone="Asia/Tokyo")
SETTINGS = LiftSettings(window_days=30, smallest_ratio=1.5, power=0.8)


@dataclass
class Programmes:
    """Programmes whose members are put on record as entering and sending do."""

    connection: Connection
    versions: int = 0

    def version(self, programme: str, share: float) -> int:
        """Put a version of a programme in force and return its number."""
        self.versions += 1
        self.connection.execute(
            "insert into nurture.programmes (programme, version, hash, body, in_force_since)"
            " values (%s, %s, %s, %s, '2026-01-01')",
            [programme, self.versions, "x", Jsonb({"programme": {"holdout_share": share}})],
        )
        return self.versions

    def lead(self) -> int:
        row = self.connection.execute(
            "insert into identity.leads (created_at) values ('2026-01-01') returning lead_id"
        ).fetchone()
        assert row
        return int(row[0])

    def enter(
        self,
        programme: str,
        version: int,
        at: datetime,
        *,
        held_out: bool,
        lead: int | None = None,
        cycle: int = 1,
    ) -> int:
        """Let a lead, or a new one, enter a programme."""
        lead = lead or self.lead()
        self.connection.execute(
            "insert into nurture.memberships (programme, version, lead_id, cycle, is_held_out, entered_at,"
            " due_at, ended_at, state, entry_event_seq)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, 'finished', 1)",
            [programme, version, lead, cycle, held_out, at, at, at],
        )
        return lead

    def sql(self, lead: int, at: datetime, *, cycle: int = 1) -> None:
        """Let a lead become SQL."""
        self.connection.execute(
            "insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence,"
            " kpi_version) values (%s, %s, 'sql', %s, %s, '{}', 'v')",
            [lead, cycle, at, at],
        )

    def join(self, oldest: int, *leads: int) -> None:
        """Make leads one person."""
        for lead in (oldest, *leads):
            self.connection.execute("insert into identity.people values (%s, %s)", [lead, oldest])

    def measure(self, day: str, now: datetime = NOW) -> list[LiftRow]:
        self.connection.commit()
        return measure_lift(
            self.connection, day=date.fromisoformat(day), settings=SETTINGS, company=COMPANY, now=now
        )


def at(text: str) -> datetime:
    """A time in Tokyo (UTC+9): "2026-03-02 10:00"."""
    return datetime.fromisoformat(f"{text}+09:00")
