"""`leadops import thresholds`: rows become changes of the threshold that took effect in the past."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from leadops.history.import_mapping import ThresholdsMapping
from leadops.history.outcomes import Answer, ImportTask, ParsedRow
from leadops.history.stage_rows import read_points
from leadops.history.value_source import RowCells
from leadops.lifecycle.import_thresholds import (
    ImportedThreshold,
    find_day,
    find_first_own_change,
    import_thresholds,
)
from leadops.tabular.cells import read_number
from leadops.tabular.file_row import BadRowError

DECIDED_BY = ("automatic", "approved")


class ThresholdRows:
    """Reads and writes rows of changes of the threshold."""

    def __init__(self, mapping: ThresholdsMapping, task: ImportTask) -> None:
        self._mapping, self._task = mapping, task
        self.impossible = 0
        self.without: Counter[str] = Counter()

    def read(self, cells: RowCells) -> ImportedThreshold:
        """Return what the row says; raise BadRowError."""
        mapping, task = self._mapping, self._task
        effective_at = mapping.effective_at.read(cells, zone=task.zone, now=task.now)
        reason = mapping.reason.read_text(cells)
        decided_by = mapping.decided_by.read_text(cells)
        for name, value in (("effective_at", effective_at), ("reason", reason)):
            if value is None:
                raise BadRowError(f"no {name}")
        if decided_by not in DECIDED_BY:
            raise BadRowError(f"decided_by must be one of {', '.join(DECIDED_BY)}", decided_by)
        total = mapping.total.read(cells) if mapping.total else None
        minutes = mapping.sla_minutes.read(cells) if mapping.sla_minutes else None
        return ImportedThreshold(
            effective_at,  # type: ignore[arg-type]  # checked above
            None if total is None or mapping.total is None else read_points(total, mapping.total),
            _read_minutes(minutes),
            str(decided_by),
            str(reason),
            task.file,
            cells.number,
        )

    def keys(self, record: ImportedThreshold) -> list[str]:
        """Return by what the row is known."""
        return [str(find_day(record, self._task.contract.zone))]

    def identify(self, record: ImportedThreshold) -> list[tuple[str, str, datetime]]:  # noqa: ARG002
        """A threshold is about nobody."""
        return []

    def write(self, rows: Sequence[ParsedRow]) -> list[Answer]:
        """Record the changes; those since leadops' own first change are refused."""
        task = self._task
        own = find_first_own_change(task.connection)
        zone = task.contract.zone
        early = [row for row in rows if own is None or row.record.effective_at < own]
        new = import_thresholds(
            task.connection,
            [row.record for row in early],
            contract=task.contract,
            zone=zone,
            now=task.now,
        )
        answers: list[Answer] = []
        for row in rows:
            if row not in early:
                answers.append(BadRowError("leadops changed the threshold before this change took effect"))
                continue
            day = find_day(row.record, zone)
            answers.append("new" if day in new else "known")
            new.discard(day)
        return answers


def _read_minutes(said: Any) -> float | None:
    if said is None:
        return None
    minutes = float(read_number(said, "sla_minutes"))
    if minutes <= 0:
        raise BadRowError("sla_minutes: is not above 0", said)
    return minutes
