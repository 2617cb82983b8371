"""How long each MQL of a period waited, from the funnel's table of response times."""

from dataclasses import dataclass

from leadops.db import Connection, load_sql
from leadops.reports.period import Period
from leadops.reports.report_settings import ReportSettings


@dataclass(frozen=True)
class Response:
    """One MQL."""

    rep: str | None  # id, or name where reports.yaml allows it; None: nobody's
    campaign: str | None
    minutes: float | None  # of working time until taken and contacted; None: not yet
    cause: str | None  # what the longest part of it went by with
    has_ended: bool = False  # became SQL, was won or lost without having been taken


def read_responses(connection: Connection, period: Period, *, settings: ReportSettings) -> list[Response]:
    """Return the MQLs of `period`, without quiet ones, of which nobody was told."""
    rows = connection.execute(
        load_sql("leadops.reports", "list_responses"),
        {"first_day": period.first_day, "last_day": period.last_day, "names": settings.rep_names},
    ).fetchall()
    return [
        Response(rep, campaign, minutes, cause, has_ended)
        for campaign, minutes, cause, rep, has_ended in rows
    ]
