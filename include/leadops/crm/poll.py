"""Mirrors the CRM: what salespeople did, who they are, and how fresh that knowledge is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from leadops.clients.answer_values import read_id
from leadops.crm.activity import check_readable
from leadops.crm.feed_page import (
    find_as_of,
    find_unsure_since,
    is_last_page,
)
from leadops.crm.store_activities import keep_refused, store_page
from leadops.db import Connection
from leadops.erased.erased_filter import ErasedFilter
from leadops.errors import TransientError
from leadops.products.crm_client import CrmClient
from leadops.products.feed_cursor import go_back, read_places
from leadops.queries import Queries

queries = Queries(__file__)

PAGE_SIZE = 500
#: A feed that never ends must not hold up a run; the next poll continues from there.
MAX_PAGES = 1_000


class FeedPosition(NamedTuple):
    """How far the feed was read, and up to when (UTC) it is known; None for what is not known yet.

    `resume_at` is where the last poll ended, if it did not reach the end of the feed. Rows may have been
    committed since among those that were read after `unsure_since`.
    """

    cursor: str | None = None
    as_of: datetime | None = None
    resume_at: str | None = None
    unsure_since: datetime | None = None


@dataclass(frozen=True)
class PollResult:
    """What one poll brought: new or changed activities, salespeople, and how fresh the feed is, if known.

    `refused` counts the items of both that cannot be mirrored, known ones included.
    """

    activities: int
    reps: int
    refused: int
    as_of: datetime | None


def poll_crm(
    connection: Connection,
    client: CrmClient,
    *,
    now: datetime,
    overlap: timedelta = timedelta(),
    page_size: int = PAGE_SIZE,
    has_time: Callable[[], bool] = lambda: True,
    erased: ErasedFilter | None = None,
    is_ma_too: bool = False,
) -> PollResult:
    """Read the activities since the stored cursor, page by page, then the salespeople.

    Where the cursor is a time and an id, of one object of the CRM or of several, a poll after one that
    reached the end begins `overlap` earlier: rows that were committed late have earlier times. What was read
    before changes nothing. After one that did not reach the end, it begins where that one ended. The stored
    cursor is never later than the server's time.

    Each page and its cursor are one transaction, so a crash loses nothing and a page read twice changes
    nothing. An item that cannot be read is kept in crm.refused, and the rest of its page is stored. The
    feed's as_of is stored only when its end was reached: until then later activities may be missing. Before
    each page `has_time` is asked; when it says no, the poll ends there and the next goes on. Activities of
    somebody whom `erased` recognises are left out. `is_ma_too`: leads have the same ids in the MA, so a merge
    counts there as well, and the total of the lead that goes on is sent again.

    Raises TransientError (the CRM is down: as_of and polled_at stay; or its last page, which is stored, does
    not say how fresh it is: as_of stays) or PermanentError (it refuses).
    """
    activities = refused = 0
    feed = read_feed(connection)
    after = feed.resume_at or go_back(feed.cursor, overlap, unsure_since=feed.unsure_since)
    unsure_since = feed.unsure_since if feed.resume_at else None
    for _ in range(MAX_PAGES):
        if not has_time():
            break
        page = client.activities(after=after, limit=page_size)
        is_last = is_last_page(page, after)
        unsure_since = find_unsure_since(page, now=now, overlap=overlap, before=unsure_since)
        with connection.transaction():
            changed, wrong = store_page(
                connection,
                page,
                after=after,
                now=now,
                overlap=overlap,
                unsure_since=unsure_since,
                is_last=is_last,
                erased=erased or ErasedFilter(),
                is_ma_too=is_ma_too,
            )
        activities += changed
        refused += wrong
        if is_last:
            # Only now: what the page holds was read all the same.
            find_as_of(page, now=now, overlap=overlap)
            break
        if page.get("cursor") in (None, after):
            raise TransientError("CRM activities: the page's cursor leads to no other page")
        after = page["cursor"] if read_places(page["cursor"]) else read_feed(connection).cursor
    reps = 0
    if has_time():
        reps, wrong = _mirror_reps(connection, client.reps(), now=now)
        refused += wrong
    return PollResult(activities, reps, refused, read_feed(connection).as_of)


def read_feed(connection: Connection) -> FeedPosition:
    """Return how far the feed was read; all None before the first poll."""
    with connection.transaction():
        return queries.first(connection, "read_feed", FeedPosition) or FeedPosition()


def _mirror_reps(connection: Connection, reps: list[Any], *, now: datetime) -> tuple[int, int]:
    """Make crm.reps equal to the CRM's salespeople; return how many there are, and how many cannot be read.

    One that is known and cannot be read now stays as it was: the CRM still lists them.
    """
    profiles: dict[str, dict[str, Any]] = {}
    listed: list[str] = []
    wrong: list[tuple[Any, str]] = []
    for rep in reps:
        rep_id = read_id(rep.get("id")) if isinstance(rep, dict) else None
        if rep_id is None:
            wrong.append((rep, "a salesperson must be an object with an id"))
            continue
        listed.append(rep_id)
        try:
            check_readable(rep)
        except ValueError as error:
            wrong.append((rep, str(error)))
        else:
            profiles[rep_id] = rep
    with connection.transaction():
        queries.run(
            connection,
            "mirror_reps",
            ids=list(profiles),
            profiles=[Jsonb(profile) for profile in profiles.values()],
            listed=listed,
            now=now,
        )
        keep_refused(connection, "reps", wrong, now=now)
    return len(profiles), len(wrong)
