"""The check on settings: which files are refused, and by whom?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, fire
from leadops.queries import Queries

queries = Queries(__file__, topic="kept_settings")

#: A reader that has not repeated within this time that it refuses a file is gone.
STALE = timedelta(minutes=10)


@dataclass(frozen=True)
class RefusedSection:
    """A section whose file is refused by at least one reader, with the cause of the first; times in UTC."""

    section: str
    file: str
    line: int | None
    cause: str
    readers: list[str]
    refused_since: datetime
    in_force_since: datetime | None


def check_settings(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the settings files that are refused: the former settings stay in force."""
    refused = queries.all(connection, "list_refused", RefusedSection, seen_since=given.now - STALE)
    return [fire("settings_refused", _form_facts(row), since=row.refused_since) for row in refused]


def _form_facts(row: RefusedSection) -> dict[str, object]:
    facts: dict[str, object] = {
        "section": row.section,
        "file": row.file,
        "line": row.line,
        "cause": row.cause,
        "readers": row.readers,
    }
    if row.in_force_since is None:
        return facts | {"unusable": row.section}
    return facts | {"kept": row.section, "in_force_since": row.in_force_since.isoformat()}


CHECKS = (Check("settings", ("settings_refused",), check_settings),)
