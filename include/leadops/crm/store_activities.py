"""Stores activities of the CRM's feed, or those of an export; sets aside those of a former account."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from leadops.clients.answer_values import read_id
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.crm.activity import Activity, MergedLead
from leadops.crm.feed_page import (
    FeedItems,
    find_as_of,
    find_clock,
    sort_items,
)
from leadops.db import Connection
from leadops.delivery.account_guard import note_feed
from leadops.delivery.external_ids import follow_merge
from leadops.delivery.presence import record_absence
from leadops.erased.erased_filter import ErasedFilter
from leadops.erased.erasures import find_kept_out
from leadops.errors import TransientError
from leadops.products.feed_cursor import advance, cut_off, read_places
from leadops.queries import Queries

queries = Queries(__file__, topic="poll")


class KnownLead(NamedTuple):
    """A lead of the CRM that only goes on after a merge, and the id by which it is known here."""

    crm_lead_id: str
    known_id: str


def store_page(
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
    keep_refused(connection, "activities", wrong, now=now)
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


def keep_refused(connection: Connection, feed: str, wrong: list[tuple[Any, str]], *, now: datetime) -> None:
    """Keep the items of `feed` that cannot be mirrored, each with its reason, whole and once."""
    for item, reason in wrong:
        digest = hashlib.sha256(json.dumps(item, sort_keys=True).encode()).hexdigest()
        queries.run(
            connection, "insert_refused", feed=feed, digest=digest, body=Jsonb(item), reason=reason, now=now
        )


def import_activities(connection: Connection, activities: Sequence[Activity], *, now: datetime) -> set[str]:
    """Add `activities` in the caller's transaction, for lifecycle to read; return the ids of the new ones.

    `now` (UTC) is when leadops learned of them.
    """
    rows = [
        activity._asdict()
        | {
            "occurred_at": activity.occurred_at.isoformat(),
            "kind_key": activity.kind_key,
            "status_key": activity.status_key,
        }
        for activity in activities
    ]
    return set(queries.values(connection, "insert_activities", rows=Jsonb(rows), now=now))


def draw_former_prefix(connection: Connection) -> str:
    """Return what the ids of a former account begin with from now on: no CRM gives such ids."""
    return str(queries.value(connection, "draw_prefix"))


def set_aside_mirror(connection: Connection, *, prefix: str) -> int:
    """Put `prefix` before the ids of what was mirrored, and read the feed from its beginning.

    In the caller's transaction, which renames what other rooms know by these ids. Returns how many activities
    it is.
    """
    queries.run(connection, "rename_inbox", prefix=prefix)
    queries.run(connection, "rename_merged", prefix=prefix)
    queries.run(connection, "forget_feeds")
    return queries.run(connection, "rename_activities", prefix=prefix)
