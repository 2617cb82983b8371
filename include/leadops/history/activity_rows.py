"""`leadops import activities`: rows become calls, mails, meetings and status changes of the CRM's mirror."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from leadops.crm.activity import Activity
from leadops.crm.store_activities import import_activities
from leadops.history.import_mapping import ActivitiesMapping
from leadops.history.lead_rows import read_name
from leadops.history.outcomes import Answer, ImportTask, ParsedRow
from leadops.history.value_source import RowCells
from leadops.lifecycle.crm_links import find_linked_leads
from leadops.tabular.file_row import BadRowError

#: The namespace of ids made from a row's content; any constant.
CONTENT = UUID("c2e8a1de-6a35-4c1c-8a7e-0f7f0f3c6a55")


class ActivityRows:
    """Reads and writes rows of activities."""

    def __init__(self, mapping: ActivitiesMapping, task: ImportTask) -> None:
        self._mapping, self._task = mapping, task
        self.impossible = 0
        self.without: Counter[str] = Counter()

    def read(self, cells: RowCells) -> Activity:
        """Return what the row says; raise BadRowError. Without its own id it gets one from its content."""
        mapping = self._mapping
        crm_id = read_name(mapping.crm_id, cells)
        kind = read_name(mapping.kind, cells)
        occurred_at = mapping.occurred_at.read(cells, zone=self._task.zone, now=self._task.now)
        for name, value in (("crm_id", crm_id), ("kind", kind), ("occurred_at", occurred_at)):
            if value is None:
                raise BadRowError(f"no {name}")
        status = read_name(mapping.status, cells)
        details: dict[str, Any] = {name: source.read(cells) for name, source in mapping.details.items()}
        activity = Activity(
            activity_id=read_name(mapping.activity_id, cells) or "",
            crm_lead_id=str(crm_id),
            kind=str(kind).lower(),
            status=status.lower() if status else None,
            rep_id=read_name(mapping.rep_id, cells),
            occurred_at=occurred_at,  # type: ignore[arg-type]  # checked above
            details={name: value for name, value in details.items() if value is not None},
        )
        if activity.activity_id:
            return activity
        content = json.dumps(activity, default=str, sort_keys=True)
        return activity._replace(activity_id=f"import-{uuid5(CONTENT, content)}")

    def keys(self, record: Activity) -> list[str]:
        """Return by what the row is known."""
        return [record.activity_id]

    def identify(self, record: Activity) -> list[tuple[str, str, datetime]]:
        """Return the person's id in the CRM, of the time of the activity."""
        return [("crm_id", record.crm_lead_id, record.occurred_at)]

    def write(self, rows: Sequence[ParsedRow]) -> list[Answer]:
        """Bring the rows into the tables; return what became of each."""
        records: list[Activity] = [row.record for row in rows]
        linked = find_linked_leads(self._task.connection, {each.crm_lead_id for each in records})
        wanted = [each for each in records if each.crm_lead_id in linked]
        new = import_activities(self._task.connection, wanted, now=self._task.now)
        answers: list[Answer] = []
        for each in records:
            if each.crm_lead_id not in linked:
                answers.append(BadRowError("no lead of the CRM has this crm_id; import the leads first"))
                continue
            answers.append("new" if each.activity_id in new else "known")
            new.discard(each.activity_id)
        return answers
