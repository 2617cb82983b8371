"""Mirrors the CRM: what salespeople did, who they are, and how fresh that knowledge is."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from leadops.clients.answer_values import read_id
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.crm.activity import Activity, MergedLead, check_readable
from leadops.crm.feed_page import (
    FeedItems,
    find_as_of,
    find_clock,
    find_unsure_since,
    is_last_page,
    sort_items,
)
from leadops.db import Connection
from leadops.delivery.account_guard import note_feed
from leadops.delivery.external_ids import follow_merge
from leadops.delivery.presence import record_absence
from leadops.erased.erased_filter import ErasedFilter
from leadops.erased.erasures import find_kept_out
from leadops.errors import TransientError
from leadops.products.crm_client import CrmClient
from leadops.products.feed_cursor import advance, cut_off, go_back, read_places
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


class KnownLead(NamedTuple):
    """A lead of the CRM that only goes on after a merge, and the id by which it is known here."""

    crm_lead_id: str
    known_id: str


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
            changed, wrong = _store_page(
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


def _store_page(
    connection: Connection,
    page: dict[str, Any],
    *,
    after: str | None,
    now: datetime,
    overlap: timedelta,
    unsure_since: datetime | None,
    is_last: bool,
    erased: ErasedFilter,
    is_ma_too: bool,
) -> tuple[int, int]:
    """Store one page and its cursor; return how many activities are new or changed, and refused."""
    queries.run(connection, "insert_feed", now=now)
    stored: str | None = queries.value(connection, "lock_feed")
    found = sort_items(page["items"])
    merges = [*found.merged, *_find_moves(connection, found)]
    gone = _find_erased(connection, {merge.gone_id: now for merge in merges}, erased=erased)
    for merge in merges:
        if merge.gone_id not in gone:
            queries.run(connection, "record_merge", **merge._asdict(), now=now)
        # That of somebody erased too: the request to erase goes to the lead that goes on.
        follow_merge(connection, target="crm", external_id=merge.gone_id, survivor=merge.into_id, now=now)
        if is_ma_too:
            absence = LeadAbsence(AbsenceWord.MERGED, merge.into_id)
            record_absence(connection, target="ma", external_id=merge.gone_id, absence=absence, now=now)
    rows = _follow_merges(connection, found.rows)
    rows, wrong = _leave_out_erased(connection, rows, found.wrong, erased=erased, now=now)
    changed = 0
    if rows:
        columns = zip(*rows.values(), strict=True)
        values = dict(zip(Activity._fields, map(list, columns), strict=True))
        values["details"] = [Jsonb(details) for details in values["details"]]
        values["kind_key"] = [activity.kind_key for activity in rows.values()]
        values["status_key"] = [activity.status_key for activity in rows.values()]
        changed = queries.run(connection, "upsert_activities", **values, now=now)
        note_feed(connection, target="crm")
    if found.deleted:
        changed += queries.run(connection, "retract_activities", activity_ids=sorted(found.deleted))
    _keep_refused(connection, "activities", wrong, now=now)
    try:
        as_of = find_as_of(page, now=now, overlap=overlap, unsure_since=unsure_since) if is_last else None
    except TransientError:
        as_of = None
    reached = page.get("cursor")
    queries.run(
        connection,
        "move_feed",
        cursor=advance(stored, after=after, reached=cut_off(reached, find_clock(page, now=now))),
        resume_at=reached if read_places(reached) and not is_last else None,
        unsure_since=unsure_since,
        as_of=as_of,
        held_back=overlap if "now" in page else timedelta(),
        now=now,
    )
    return changed, len(wrong)


def _find_moves(connection: Connection, found: FeedItems) -> list[MergedLead]:
    """Return the merges that the CRM tells only by activities that it moved to the lead that goes on."""
    moving = [found.rows[key] for key in sorted(found.moving & found.rows.keys())]
    if not moving:
        return []
    return queries.all(
        connection,
        "find_moves",
        MergedLead,
        activity_ids=[activity.activity_id for activity in moving],
        crm_lead_ids=[activity.crm_lead_id for activity in moving],
    )


def _follow_merges(connection: Connection, rows: dict[str, Activity]) -> dict[str, Activity]:
    """Return the activities with those of a merged lead under the id by which it is known here.

    The CRM lists them under the id that goes on; where only the one that is gone is known, that stands for
    both.
    """
    crm_ids = sorted({activity.crm_lead_id for activity in rows.values()})
    known = dict(queries.all(connection, "find_merged", KnownLead, crm_ids=crm_ids)) if crm_ids else {}
    return {
        key: activity._replace(crm_lead_id=known.get(activity.crm_lead_id, activity.crm_lead_id))
        for key, activity in rows.items()
    }


def _leave_out_erased(
    connection: Connection,
    rows: dict[str, Activity],
    wrong: list[tuple[Any, str]],
    *,
    erased: ErasedFilter,
    now: datetime,
) -> tuple[dict[str, Activity], list[tuple[Any, str]]]:
    """Return the items of a page without those about somebody erased."""
    ids = {activity.crm_lead_id: activity.occurred_at for activity in rows.values()}
    named = [read_id(item.get("lead_id")) if isinstance(item, dict) else None for item, _ in wrong]
    ids |= {crm_id: now for crm_id in named if crm_id is not None}
    gone = _find_erased(connection, ids, erased=erased)
    return (
        {key: activity for key, activity in rows.items() if activity.crm_lead_id not in gone},
        [pair for pair, crm_id in zip(wrong, named, strict=True) if crm_id not in gone],
    )


def _find_erased(connection: Connection, ids: dict[str, datetime], *, erased: ErasedFilter) -> set[str]:
    """Return those of the CRM's `ids`, each with the time of what it is about, that are of somebody erased.

    A lead of the CRM that belongs to somebody who came back has a lead here again.
    """
    asked = [("crm_id", crm_id, at) for crm_id, at in ids.items()]
    gone = {crm_id for _, crm_id in find_kept_out(connection, erased, asked, is_proven=False)}
    if gone:
        gone -= set(queries.values(connection, "list_living", crm_ids=sorted(gone)))
    return gone


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
        _keep_refused(connection, "reps", wrong, now=now)
    return len(profiles), len(wrong)


def _keep_refused(connection: Connection, feed: str, wrong: list[tuple[Any, str]], *, now: datetime) -> None:
    """Keep the items of `feed` that cannot be mirrored, each with its reason, whole and once."""
    for item, reason in wrong:
        digest = hashlib.sha256(json.dumps(item, sort_keys=True).encode()).hexdigest()
        queries.run(
            connection, "insert_refused", feed=feed, digest=digest, body=Jsonb(item), reason=reason, now=now
        )
