"""Small exports, and what the tables hold after them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leadops.db import Connection
from leadops.history.import_file import import_file
from leadops.history.import_mapping import MAPPINGS
from leadops.history.outcomes import ImportResult, RejectedRow
from tests.shipped import import_settings

NOW = datetime(2026, 6, 1, tzinfo=UTC)

LEADS: dict[str, Any] = {
    "lead": {"crm_id": "id", "email": "mail"},
    "created_at": {"column": "made", "zone": "UTC"},
    "source": "source",
    "campaign": "campaign",
    "attributes": {"size": {"column": "size", "type": "number", "known_at": "created"}},
}
LEAD_COLUMNS = ("id", "mail", "made", "source", "campaign", "size")
STAGES: dict[str, Any] = {
    "lead": {"crm_id": "id"},
    "transitions": [
        {
            "stage": {"column": "stage"},
            "at": {"column": "at", "zone": "UTC"},
            "reference": "deal",
            "value": "value",
        }
    ],
}
STAGE_COLUMNS = ("id", "stage", "at", "deal", "value")
ACTIVITIES: dict[str, Any] = {
    "crm_id": "id",
    "activity_id": "activity",
    "kind": "kind",
    "status": "status",
    "rep_id": "rep",
    "occurred_at": {"column": "at", "zone": "UTC"},
}
ACTIVITY_COLUMNS = ("id", "activity", "kind", "status", "rep", "at")
COSTS: dict[str, Any] = {
    "month": {"column": "month", "format": "%Y-%m-%d"},
    "category": "category",
    "amount": "amount",
    "campaign": "campaign",
}
COST_COLUMNS = ("month", "category", "amount", "campaign")
THRESHOLDS: dict[str, Any] = {
    "effective_at": "at",
    "total": {"column": "total", "type": "number"},
    "sla_minutes": {"column": "minutes", "type": "number"},
    "decided_by": "by",
    "reason": "why",
}
THRESHOLD_COLUMNS = ("at", "total", "minutes", "by", "why")
KINDS = {
    "leads": (LEADS, LEAD_COLUMNS),
    "transitions": (STAGES, STAGE_COLUMNS),
    "activities": (ACTIVITIES, ACTIVITY_COLUMNS),
    "costs": (COSTS, COST_COLUMNS),
    "thresholds": (THRESHOLDS, THRESHOLD_COLUMNS),
}

Rows = Sequence[Sequence[object]]


class Export:
    """Writes rows as a CSV and imports them."""

    def __init__(self, connection: Connection, folder: Path) -> None:
        self.connection, self.folder = connection, folder
        self.refused: list[RejectedRow] = []

    def write(self, kind: str, rows: Rows, name: str = "export.csv") -> Path:
        lines = [KINDS[kind][1], *rows]
        path = self.folder / name
        text = "\n".join(",".join("" if cell is None else str(cell) for cell in line) for line in lines)
        path.write_text(text + "\n", encoding="utf-8")
        return path

    def bring(self, kind: str, rows: Rows, **options: Any) -> ImportResult:
        """Import `rows`, with what `mapping` says beside the usual mapping of the kind."""
        return self.bring_path(kind, self.write(kind, rows, options.pop("name", "export.csv")), **options)

    def bring_path(self, kind: str, path: Path, **options: Any) -> ImportResult:
        """Import the file at `path`."""
        mapping = MAPPINGS[kind].model_validate(KINDS[kind][0] | options.pop("mapping", {}))
        given = {"now": NOW, "refuse": self.refused.append} | import_settings() | options
        return import_file(self.connection, kind=kind, path=path, mapping=mapping, **given)

    def query(self, statement: Any, *values: object) -> list[tuple[Any, ...]]:
        return self.connection.execute(statement, values).fetchall()


@pytest.fixture
def export(connection: Connection, tmp_path: Path) -> Export:
    return Export(connection, tmp_path)


#: The tables that an import may change, in a form that does not depend on numbers given in order of arrival.
DUMPS = (
    "select aliases.kind, aliases.value, min(other.kind || ':' || other.value) from identity.aliases"
    " inner join identity.aliases as other using (lead_id) group by 1, 2",
    "select {who}, email, created_at, campaign, source from identity.leads as it",
    "select {who}, attribute, value, known_at from history.attributes as it",
    "select {who}, cycle, stage, occurred_at, evidence - 'line', campaign, source, value, kpi_version"
    " from lifecycle.transitions as it",
    "select {who}, stage, occurred_at, reference, campaign, source, value, evidence - 'line'"
    " from lifecycle.imported as it",
    "select {who}, cycle, fact, occurred_at, activity_id, rep_id from lifecycle.facts as it",
    "select {who}, trait, value, ts from identity.traits as it",
    "select target, operation, {who}, payload - 'externalId', lane, state from delivery.outbox as it",
    "select target, {who}, external_id from delivery.external_ids as it",
    "select crm_lead_id, {who} from lifecycle.links as it",
    "select activity_id, crm_lead_id, kind, status, rep_id, occurred_at, details from crm.activities",
    "select activity_id from lifecycle.inbox",
    "select month, campaign, category, amount, hours, note, origin from economics.costs",
    "select count(*) from sla.clocks",
    "select count(*) from routing.inbox",
)
_WHO = "(select min(kind || ':' || value) from identity.aliases where aliases.lead_id = it.lead_id)"


def dump(connection: Connection) -> list[list[tuple[Any, ...]]]:
    """Return all that the tables hold, sorted."""
    return [
        sorted(map(tuple, connection.execute(statement.format(who=_WHO)).fetchall()), key=repr)  # type: ignore[arg-type]
        for statement in DUMPS
    ]
