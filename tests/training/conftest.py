"""Leads with events, MQLs and outcomes, put straight into the tables."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.training.training_settings import TrainingSettings
from tests.shipped import SHIPPED, change

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
COMPANY = change(SHIPPED.company, timezone="Asia/Tokyo")


class World:
    """One database, filled by hand."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.events = 0

    def lead(self, *, at: datetime = START - 400 * DAY) -> int:
        row = self.connection.execute(
            "insert into identity.leads (email, created_at)"
            " values (gen_random_uuid() || '@buyers.example', %s) returning lead_id",
            [at],
        ).fetchone()
        assert row is not None
        return int(row[0])

    def event(
        self,
        lead: int,
        name: str,
        at: datetime,
        *,
        received: datetime | None = None,
        anonymous: str | None = None,
        user: str | None = None,
        history: bool = False,
        **properties: Any,
    ) -> int:
        """An event of the lead; with `anonymous` or `user` it has no email, only these ids."""
        self.events += 1
        row = self.connection.execute(
            "insert into cdp.events"
            " (event_id, event, ts, received_at, email, anonymous_id, user_id, payload, is_history, proof)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, 'write_key') returning seq",
            [
                f"e-{lead}-{self.events}",
                name,
                at,
                received or at,
                None if anonymous or user else f"l{lead}@buyers.example",
                anonymous,
                user,
                Jsonb({"properties": properties, "context": {}}),
                history,
            ],
        ).fetchone()
        assert row is not None
        self.connection.execute(
            "insert into identity.resolved_events (event_seq, lead_id) values (%s, %s)", [row[0], lead]
        )
        return int(row[0])

    def stage(
        self,
        lead: int,
        stage: str,
        at: datetime,
        *,
        cycle: int = 1,
        recorded: datetime | None = None,
        imported: bool = False,
        **evidence: Any,
    ) -> None:
        self.connection.execute(
            "insert into lifecycle.transitions"
            " (lead_id, cycle, stage, occurred_at, recorded_at, evidence, kpi_version)"
            " values (%s, %s, %s, %s, %s, %s, 'test')",
            [lead, cycle, stage, at, recorded or at, Jsonb(evidence | ({"imported": 1} if imported else {}))],
        )

    def link(self, lead: int, kind: str, value: str, at: datetime) -> None:
        """Link an identifier to the lead by an event that came at `at`."""
        self.connection.execute(
            "insert into identity.aliases (kind, value, lead_id, event_seq, linked_at)"
            " values (%s, %s, %s, %s, %s)",
            [kind, value, lead, self.event(lead, "login", at), at],
        )

    def join(self, *leads: int) -> None:
        """Let the leads, the oldest first, be one person."""
        self.connection.execute(
            "insert into identity.people select lead_id, %s from unnest(%s::bigint[]) as joined (lead_id)"
            " on conflict (lead_id) do update set person_id = excluded.person_id",
            [leads[0], list(leads)],
        )
        self.connection.execute(
            "update identity.leads set merged_into = %s where lead_id = any(%s)", [leads[0], list(leads[1:])]
        )

    def prove(self, older: int, younger: int, at: datetime, *, undone: datetime | None = None) -> None:
        """Record evidence, which came at `at`, that two leads are one person."""
        self.connection.execute(
            "insert into identity.lead_merges"
            " (older_lead_id, younger_lead_id, kind, value, event_seq, merged_at, undone_at)"
            " values (%s, %s, 'user_id', 'u', %s, %s, %s)",
            [older, younger, self.event(younger, "login", at), at, undone],
        )

    def hold_act(self, lead: int, event_seq: int) -> None:
        """Let an act of the lead count for nothing: it may be a mail scanner's."""
        self.connection.execute(
            "insert into machines.waiting_acts (event_seq, lead_id, due_at) values (%s, %s, now())",
            [event_seq, lead],
        )

    def attribute(self, lead: int, name: str, value: Any, known_at: datetime | None) -> None:
        self.connection.execute(
            "insert into history.attributes values (%s, %s, %s, %s)", [lead, name, Jsonb(value), known_at]
        )

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(query, values).fetchall()


@pytest.fixture
def world(connection: Connection) -> World:
    return World(connection)


def settings(features: dict[str, Any] | None = None, **changes: Any) -> TrainingSettings:
    """The shipped settings with other features and small parts; sections keep what is not changed."""
    small: dict[str, Any] = {
        "min_leads": {"training": 20, "calibration": 5, "test": 5},
        "min_count": 5,
        "horizon_days": 30,
        "regularisation": [1.0],
        "comparison": {"resamples": 200},
    }
    body = SHIPPED.training.model_dump(mode="json")
    for key, value in (small | changes).items():
        body[key] = body[key] | value if isinstance(value, dict) else value
    if features is not None:
        body["features"] = features
    return TrainingSettings.model_validate(body)
