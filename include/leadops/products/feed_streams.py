"""One page of a feed that is several objects of a CRM: tasks, calls, changes of a status, deletions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadops.products.feed_cursor import FeedCursor, read_places, write_places
from leadops.products.reading import Reading


@dataclass(frozen=True)
class StreamPage:
    """The next rows of one object, sorted by time and id.

    `items` are what its rows say, as docs/products/adding.md shows them; a row may say nothing or several
    things. `reached` is the place of the last row, None without a row. `is_last`: there are no more rows for
    now. `server_time` is that of the first answer.
    """

    items: list[dict[str, Any]]
    reached: FeedCursor | None
    is_last: bool
    server_time: datetime | None


#: Reads the rows of one object after a place (None: from the beginning), at most the number given.
Stream = Callable[[FeedCursor | None, int], Reading[StreamPage]]


def read_streams(after: str | None, limit: int, streams: Mapping[str, Stream]) -> Reading[dict[str, Any]]:
    """Read the next rows of every stream as one page; its cursor is the place of each by its name.

    The page's time is the earliest of the answers': the feed is complete up to there at most.
    """
    places = {name: place for name, place in read_places(after).items() if name in streams}
    items: list[dict[str, Any]] = []
    times: list[datetime] = []
    is_last = True
    for name, read in streams.items():
        page = yield from read(places.get(name), limit)
        items += page.items
        is_last = is_last and page.is_last
        if page.reached is not None:
            places[name] = page.reached
        if page.server_time is not None:
            times.append(page.server_time)
    page_time = {"now": min(times).isoformat()} if times else {}
    return {"items": items, "cursor": write_places(places), "done": is_last} | page_time
