"""Where a feed goes on: after a time and an id, one for each of its streams, or wherever a text leads."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from leadops.tabular.times import parse_iso_time


class FeedCursor(NamedTuple):
    """A place in a stream that is sorted by the time of the last change, then by id.

    `time` is as the CRM wrote it, of which nothing is lost; places are compared by the moment.
    """

    time: str
    row_id: str

    @property
    def moment(self) -> datetime:
        """The time, as it is compared."""
        return parse_iso_time(self.time)

    def is_after(self, other: "FeedCursor") -> bool:
        """Whether this place comes later in the stream."""
        return (self.moment, self.row_id) > (other.moment, other.row_id)


#: The name of the only stream of a feed whose cursor is one time and one id.
ONLY = ""


def read_places(text: str | None) -> dict[str, FeedCursor]:
    """Return the place of each stream by its name, of ["time", "id"] or {"calls": ["time", "id"], …}.

    Empty for a text that only the CRM understands.
    """
    try:
        value = json.loads(text or "")
    except ValueError:
        return {}
    named = value if isinstance(value, dict) else {ONLY: value}
    places = {name: _read_place(place) for name, place in named.items()}
    known = {name: place for name, place in places.items() if place is not None}
    return known if len(known) == len(places) else {}


def _read_place(value: Any) -> FeedCursor | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    time, row_id = value
    try:
        parse_iso_time(time)
    except ValueError:
        return None
    return FeedCursor(time, str(row_id))


def write_places(places: Mapping[str, FeedCursor]) -> str | None:
    """Return the cursor as it is sent and stored; None without a place."""
    if not places:
        return None
    value = places[ONLY] if set(places) == {ONLY} else places
    return json.dumps(value, ensure_ascii=False)


def find_latest(text: str | None) -> datetime | None:
    """Return the latest time of a cursor's places; None for a text that only the CRM understands."""
    return max((place.moment for place in read_places(text).values()), default=None)


def go_back(text: str | None, overlap: timedelta, *, unsure_since: datetime | None = None) -> str | None:
    """Return the cursor `overlap` earlier, before every id of that moment; one without a time stays.

    It is at most at `unsure_since`: what was read after that moment may have been incomplete.
    """
    places = {
        name: FeedCursor(min(place.moment - overlap, unsure_since or place.moment - overlap).isoformat(), "")
        for name, place in read_places(text).items()
    }
    return write_places(places) if places else text


def cut_off(text: str | None, latest: datetime) -> str | None:
    """Return the cursor, at most before every id of the moment `latest`; one without a time stays.

    Beyond it would hide the rows that are still to come, until that time.
    """
    places = read_places(text)
    if all(place.moment <= latest for place in places.values()):
        return text
    limit = FeedCursor(latest.isoformat(), "")
    return write_places({name: place if place.moment <= latest else limit for name, place in places.items()})


def advance(stored: str | None, *, after: str | None, reached: str | None) -> str | None:
    """Return the cursor to store once the page after `after` is read, which led to `reached`.

    No stream goes back: another poll may have gone on meanwhile, and the overlap is read again. A cursor of
    another kind, as of a CRM that was there before, is left behind.
    """
    if reached is None:
        return stored
    old, new = read_places(stored), read_places(reached)
    if not new or not old:
        return reached if stored == after else stored
    if (ONLY in old) != (ONLY in new):
        return reached
    furthest = old | {
        name: place for name, place in new.items() if name not in old or place.is_after(old[name])
    }
    return stored if furthest == old else reached if furthest == new else write_places(furthest)
