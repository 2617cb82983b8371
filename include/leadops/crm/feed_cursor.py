"""Where a feed goes on: after a time and an id, or wherever a text of the CRM leads."""

import json
from datetime import datetime, timedelta
from typing import NamedTuple

from leadops.tabular.times import parse_iso_time


class FeedCursor(NamedTuple):
    """A place in a feed that is sorted by the time of the last change, then by id.

    `time` is as the CRM wrote it, of which nothing is lost; places are compared by the moment.
    """

    time: str
    row_id: str

    def write(self) -> str:
        """Return the cursor as it is sent and stored."""
        return json.dumps([self.time, self.row_id], ensure_ascii=False)

    def is_after(self, other: "FeedCursor") -> bool:
        """Whether this place comes later in the feed."""
        return (parse_iso_time(self.time), self.row_id) > (parse_iso_time(other.time), other.row_id)


def read_cursor(text: str | None) -> FeedCursor | None:
    """Return the time and id that a cursor is made of; None for a text that only the CRM understands."""
    try:
        value = json.loads(text or "")
    except ValueError:
        return None
    if not isinstance(value, list) or len(value) != 2:
        return None
    time, row_id = value
    try:
        parse_iso_time(time)
    except ValueError:
        return None
    return FeedCursor(time, str(row_id))


def go_back(text: str | None, overlap: timedelta, *, unsure_since: datetime | None = None) -> str | None:
    """Return the cursor `overlap` earlier, before every id of that moment; one without a time stays.

    It is at most at `unsure_since`: what was read after that moment may have been incomplete.
    """
    cursor = read_cursor(text)
    if cursor is None:
        return text
    start = parse_iso_time(cursor.time) - overlap
    return FeedCursor(min(start, unsure_since or start).isoformat(), "").write()


def cut_off(text: str | None, latest: datetime) -> str | None:
    """Return the cursor, at most before every id of the moment `latest`; one without a time stays.

    Beyond it would hide the rows that are still to come, until that time.
    """
    cursor = read_cursor(text)
    if cursor is None or parse_iso_time(cursor.time) <= latest:
        return text
    return FeedCursor(latest.isoformat(), "").write()


def advance(stored: str | None, *, after: str | None, reached: str | None) -> str | None:
    """Return the cursor to store once the page after `after` is read, which led to `reached`.

    It never goes back: another poll may have gone on meanwhile, and the overlap is read again.
    """
    if reached is None:
        return stored
    old, new = read_cursor(stored), read_cursor(reached)
    if old and new:
        return reached if new.is_after(old) else stored
    return reached if stored == after else stored
