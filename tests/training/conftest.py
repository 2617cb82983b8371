"""Leads with events, MQLs and outcomes, put straight into the tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.training.training_settings import TrainingSettings
from tests.shipped import SHIPPED, change

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
COMPANY = change(SHIPPED.company, timezone="Asia/Tokyo")


#: What a block of `at_once` writes, and where its numbers come from.
TABLES = {
    "identity.leads": "lead_id, email, created_at",
    "cdp.events": "seq, event_id, event, ts, received_at, email, anonymous_id, user_id, payload, is_history,"
    " proof",
    "identity.resolved_events": "event_seq, lead_id",
    "lifecycle.transitions": "lead_id, cycle, stage, occurred_at, recorded_at, evidence, kpi_version",
}
SEQUENCES = {
    "identity.leads_lead_id_seq": "select coalesce(max(lead_id), 0) from identity.leads",
    "cdp.events_seq_seq": "select coalesce(max(seq), 0) from cdp.events",
}


class World:
    """One database, filled by hand."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.events = 0
        self._kept: dict[str, list[tuple[Any, ...]]] | None = None
        self._last = dict.fromkeys(SEQUENCES, 0)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Write leads, events and stages of the block at its end, by one copy for each table.

        One row after the other, hundreds of leads take a second of CPU time.
        """
        self._kept = {table: [] for table in TABLES}
        for name, statement in SEQUENCES.items():
            (self._last[name],) = self.connection.execute(statement).fetchone() or (0,)
        yield
        kept, self._kept = self._kept, None
        with self.connection.cursor() as cursor:
            for table, columns in TABLES.items():
                with cursor.copy(f"copy {table} ({columns}) from stdin") as copy:
                    for row in kept[table]:
                        copy.write_row(row)
            for name, last in self._last.items():
                cursor.execute("select setval(%s, %s)", [name, last])

    def _keep(self, table: str, *values: Any) -> bool:
        """Keep a row for the end of a block of `at_once`; return False outside of one."""
        if self._kept is None:
            return False
        self._kept[table].append(values)
        return True

    def _next(self, name: str) -> int:
        self._last[name] += 1
        return self._last[name]

    def lead(self, *, at: datetime = START - 400 * DAY) -> int:
        if self._kept is not None:
            lead = self._next("identity.leads_lead_id_seq")
            self._keep("identity.leads", lead, f"{uuid4()}@buyers.example", at)
            return lead
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
        values = [
            f"e-{lead}-{self.events}",
            name,
            at,
            received or at,
            None if anonymous or user else f"l{lead}@buyers.example",
            anonymous,
            user,
            Jsonb({"properties": properties, "context": {}}),
            history,
            "write_key",
        ]
        if self._kept is not None:
            seq = self._next("cdp.events_seq_seq")
            self._keep("cdp.events", seq, *values)
            self._keep("identity.resolved_events", seq, lead)
            return seq
        row = self.connection.execute(
            "insert into cdp.events"
            " (event_id, event, ts, received_at, email, anonymous_id, user_id, payload, is_history, proof)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning seq",
            values,
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
        evidence |= {"imported": 1} if imported else {}
        values = [lead, cycle, stage, at, recorded or at, Jsonb(evidence), "test"]
        if not self._keep("lifecycle.transitions", *values):
            self.connection.execute(
                "insert into lifecycle.transitions"
                " (lead_id, cycle, stage, occurred_at, recorded_at, evidence, kpi_version)"
                " values (%s, %s, %s, %s, %s, %s, %s)",
                values,
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
