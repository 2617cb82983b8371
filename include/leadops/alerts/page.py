"""A page: what PagerDuty shows as one incident of its own, as it is on record here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from leadops.db import Connection
from leadops.delivery.database_mark import find_installation_id
from leadops.incidents.incident import assign_page
from leadops.notifications.post_once import PostAttempt
from leadops.queries import Queries

queries = Queries(__file__)


class PageState(StrEnum):
    """What PagerDuty has accepted last.

    PENDING ──trigger──▶ TRIGGERED ──acknowledge──▶ ACKNOWLEDGED
       │                     │                           │
       │ over before         └────────resolve────────────┴──▶ RESOLVED
       └─────────▶ DROPPED

    Each arrow is one event, sent as `post_once` says: `unknown_since` is on record before the call begins,
    and the same event is sent again as long as its outcome is unknown. PagerDuty knows it by its key.
    """

    PENDING = "pending"
    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    DROPPED = "dropped"


@dataclass(frozen=True)
class Page:
    """One row of alerts.pages; times in UTC."""

    page_id: int
    dedup_key: str
    state: str  # one of PageState
    attempts: int
    tried_at: datetime | None
    unknown_since: datetime | None


def list_open_pages(connection: Connection) -> list[Page]:
    """Return the pages that are not final: those never tried first, then the longest untried."""
    return _read_pages(connection, queries.values(connection, "list_open_pages"))


def lock_page(connection: Connection, page_id: int) -> Page | None:
    """Return the page, locked for this transaction; None if it is final or another process has it."""
    locked = queries.values(connection, "lock_page", page_id=page_id)
    return next(iter(_read_pages(connection, locked)), None)


def _read_pages(connection: Connection, page_ids: Sequence[int]) -> list[Page]:
    if not page_ids:
        return []
    return queries.all(connection, "read_pages", Page, page_ids=list(page_ids))


def lock_page_attempt(connection: Connection, page_id: int) -> PostAttempt | None:
    """Return the page's last attempt, locked once no other process has it; None if it is final."""
    return queries.first(connection, "lock_page_attempt", PostAttempt, page_id=page_id)


def note_page_attempt(connection: Connection, page_id: int, now: datetime) -> None:
    """Note, before sending, that PagerDuty may have the event from now on; count the attempt."""
    queries.run(connection, "note_page_attempt", page_id=page_id, now=now)


def note_page_refused(connection: Connection, page_id: int) -> None:
    """Note that PagerDuty does not have the event."""
    queries.run(connection, "note_page_refused", page_id=page_id)


def note_page_state(connection: Connection, page_id: int, state: PageState, now: datetime) -> None:
    """Note what PagerDuty has accepted, or that the page is dropped."""
    queries.run(connection, "note_page_state", page_id=page_id, state=state, now=now)


def add_page(connection: Connection, subject: int | str, group: str | None, now: datetime) -> int:
    """Record a page that is still to be sent; return its id.

    Its key has the `subject`: the id of the incident, or the group of a digest.
    """
    page_id: int = queries.value(
        connection,
        "insert_page",
        installation=find_installation_id(connection),
        subject=str(subject),
        digest_group=group,
        now=now,
    )
    return page_id


def find_page_digest(connection: Connection, group: str, *, since: datetime) -> int | None:
    """Return the newest open digest of `group` made after `since`, locked; None if there is none."""
    page_id: int | None = queries.value(connection, "lock_page_digest", digest_group=group, since=since)
    return page_id


def adopt_page(connection: Connection, dedup_key: str, incident_ids: Sequence[int], *, now: datetime) -> None:
    """Record a page that may have been triggered without the database; in the caller's transaction.

    The next round resolves it once its incidents, if it has any, are over.
    """
    page_id: int = queries.value(connection, "adopt_page", dedup_key=dedup_key, now=now)
    assign_page(connection, page_id, incident_ids)


def doubt_open_pages(connection: Connection, *, before: datetime) -> None:
    """Let unsent pages made before then count as sent with an unknown outcome; in the caller's transaction.

    After the database went back, PagerDuty may have any of them: they are resolved rather than dropped.
    """
    queries.run(connection, "doubt_pages", before=before)
