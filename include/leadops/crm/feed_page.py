"""One page of the CRM's feed: what its items say, whether the feed ends with it, and how complete it is."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from leadops.crm.activity import (
    Activity,
    MergedLead,
    is_deleted,
    is_ours,
    moves_with_lead,
    parse_activity,
    read_activity_id,
    read_merge,
)
from leadops.errors import TransientError
from leadops.products.feed_cursor import find_latest
from leadops.tabular.times import parse_iso_time


@dataclass
class FeedItems:
    """The items of a page, sorted by what they are; of an activity that it has twice the last one counts.

    `moving` are the activities that go on with the lead that theirs is merged into. `wrong` are those that
    cannot be read, each with the reason.
    """

    rows: dict[str, Activity] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    merged: list[MergedLead] = field(default_factory=list)
    moving: set[str] = field(default_factory=set)
    wrong: list[tuple[Any, str]] = field(default_factory=list)


def sort_items(items: list[Any]) -> FeedItems:
    """Return what the items of a page say, without those that tell of what leadops itself wrote."""
    found = FeedItems()
    for item in items:
        if is_ours(item):
            continue
        try:
            if is_deleted(item):
                found.deleted.add(activity_id := read_activity_id(item))
                found.rows.pop(activity_id, None)
            elif merge := read_merge(item):
                found.merged.append(merge)
            else:
                activity = parse_activity(item)
                found.rows[activity.activity_id] = activity
                found.deleted.discard(activity.activity_id)
                if moves_with_lead(item):
                    found.moving.add(activity.activity_id)
        except ValueError as error:
            found.wrong.append((item, str(error)))
    return found


def is_last_page(page: dict[str, Any], after: str | None) -> bool:
    """Whether the feed ends with this page: by its own word, else because it leads nowhere."""
    done = page.get("done")
    return done if isinstance(done, bool) else not page["items"] or page.get("cursor") in (None, after)


def find_clock(page: dict[str, Any], *, now: datetime) -> datetime:
    """Return the server's time as the page says it, at most `now`; `now` where it does not say."""
    try:
        return min(parse_iso_time(page.get("now")), now)
    except ValueError:
        return now


def find_unsure_since(
    page: dict[str, Any], *, now: datetime, overlap: timedelta, before: datetime | None
) -> datetime | None:
    """Return from when on rows may be missing among those that were read, `before` this page or by it.

    None while every row is older than the `overlap` before the server's time. The first page that reaches
    into it counts: later pages do not read the same rows again.
    """
    reached = find_latest(page.get("cursor"))
    since = find_clock(page, now=now) - overlap
    if before is not None or reached is None or reached <= since:
        return before
    return since


def find_as_of(
    page: dict[str, Any], *, now: datetime, overlap: timedelta, unsure_since: datetime | None = None
) -> datetime:
    """Return up to when the feed is complete, at most `now`; raise TransientError when the page does not say.

    A page that says the server's time (`now`) instead of `as_of` is complete up to `overlap` before, and to
    `unsure_since`: what is committed later may be missing. Never up to its newest row: a quiet feed is not
    late.
    """
    try:
        if "now" in page:
            as_of = min(parse_iso_time(page["now"]), now) - overlap
            return min(as_of, unsure_since or as_of)
        return min(parse_iso_time(page.get("as_of")), now)
    except ValueError as error:
        raise TransientError("CRM activities: the page does not say its as_of") from error
