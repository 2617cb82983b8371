"""The rows behind a number of the funnel, page by page."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from leadops.dashboard.periods import PagePeriod
from leadops.dashboard.rep_names import read_rep_names
from leadops.dashboard.viewer_mask import show_name
from leadops.db import Connection
from leadops.funnel.funnel_cells import FunnelFilter
from leadops.funnel.funnel_entries import (
    EntryPlace,
    FunnelEntry,
    FunnelNumber,
    count_entries,
    list_entries,
)
from leadops.gateway.problems import ProblemError
from leadops.queries import Queries

queries = Queries(__file__, topic="names")

#: Rows of a page.
ENTRY_ROWS = 50

_PLACE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9]{1,18})\.([0-9]{1,9})\.([a-z]{3,4})")


@dataclass(frozen=True)
class PersonOfLead:
    """Whose lead it is; the company is the domain of its addresses."""

    lead_id: int
    email: str | None
    company: str | None


@dataclass(frozen=True)
class EntryRow:
    """A row behind a number; `email` is masked for those who may not see it."""

    day: date
    stage: str
    lead_id: int
    email: str | None
    company: str | None
    occurred_at: datetime
    campaign: str | None
    source: str | None
    rep: str | None
    value: Decimal | None
    counts_as: str


@dataclass(frozen=True)
class EntryPage:
    """Rows behind a number: how many it counts in all, and where the next page goes on (None: the end)."""

    number: FunnelNumber
    first: date
    last: date
    count: int
    rows: list[EntryRow]
    next_after: str | None


def read_entry_page(
    connection: Connection,
    number: FunnelNumber,
    *,
    period: PagePeriod,
    only: FunnelFilter,
    after: str | None,
    names: bool,
) -> EntryPage:
    """Return a page of the rows that `number` counts in `period`, those of the newest day first.

    `after` is the `next_after` of the page before; None: the first page. Without `names` addresses are
    masked. Raises ProblemError (422) for an `after` that no page gave.
    """
    place = _read_place(after) if after is not None else None
    count = count_entries(connection, number, first=period.first, last=period.last, only=only)
    entries = list_entries(
        connection,
        number,
        first=period.first,
        last=period.last,
        only=only,
        after=place,
        max_rows=ENTRY_ROWS + 1,
    )
    shown = entries[:ENTRY_ROWS]
    has_more = len(entries) > len(shown)
    return EntryPage(
        number=number,
        first=period.first,
        last=period.last,
        count=count,
        rows=_describe_entries(connection, shown, names=names),
        next_after=_write_place(shown[-1]) if has_more else None,
    )


def _describe_entries(connection: Connection, entries: list[FunnelEntry], *, names: bool) -> list[EntryRow]:
    lead_ids = [entry.lead_id for entry in entries]
    people = queries.all(connection, "list_people", PersonOfLead, lead_ids=lead_ids) if lead_ids else []
    known = {person.lead_id: person for person in people}
    reps = read_rep_names(connection, [entry.rep_id for entry in entries]) if names else {}
    rows = []
    for entry in entries:
        person = known.get(entry.lead_id, PersonOfLead(entry.lead_id, None, None))
        email = show_name(person.email, sees_people=names)
        rep = reps.get(entry.rep_id, entry.rep_id) if entry.rep_id is not None else None
        rows.append(
            EntryRow(
                day=entry.dt,
                stage=entry.stage,
                lead_id=entry.lead_id,
                email=email,
                company=person.company if names else None,
                occurred_at=entry.occurred_at,
                campaign=entry.campaign,
                source=entry.source,
                rep=rep,
                value=entry.value,
                counts_as=entry.counts_as,
            )
        )
    return rows


def _write_place(entry: FunnelEntry) -> str:
    return f"{entry.dt}.{entry.lead_id}.{entry.cycle}.{entry.stage}"


def _read_place(text: str) -> EntryPlace:
    problem = ProblemError(422, "after is not the place of a page; leave it out for the first page.")
    parts = _PLACE.fullmatch(text)
    if parts is None:
        raise problem
    dt, lead_id, cycle, stage = parts.groups()
    try:
        return EntryPlace(date.fromisoformat(dt), int(lead_id), int(cycle), stage)
    except ValueError:
        raise problem from None
