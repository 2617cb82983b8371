"""Reads what changed after a place, in search's order, beyond its limit of 10,000 results.

Search sorts by one property: rows of one moment come in any order, and a query ends after 10,000 results. So
no page is asked for by its offset. A query begins after a moment; where a full page ends among rows of one
moment, these are read again by their ids, and the ids say where it goes on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from leadops.clients.answer_values import read_id
from leadops.products.feed_cursor import FeedCursor
from leadops.products.hubspot.hubspot_calls import HubSpotCalls
from leadops.products.hubspot.hubspot_pages import read_properties, read_results
from leadops.products.product_rows import Call
from leadops.products.reading import ReadAnswer, Reading
from leadops.tabular.times import parse_iso_time

ID = "hs_object_id"
#: Digits of an id in a cursor, whose ids are compared as texts.
ID_DIGITS = 20

Filter = Mapping[str, Any]


@dataclass(frozen=True)
class FoundPage:
    """The next rows: each as search shows it; `reached` is the place of the last (None: there was none)."""

    rows: list[dict[str, Any]]
    reached: FeedCursor | None
    is_last: bool
    server_time: datetime | None


@dataclass(frozen=True)
class ChangeSearch:
    """A search for what changed of one object: `stamp` is the property with the time of the last change.

    `kinds` are filters, any of which a row must fit besides; without one all rows count.
    """

    calls: HubSpotCalls
    kind: str
    stamp: str
    properties: Sequence[str]
    kinds: Sequence[Filter] = ()

    def read_after(self, place: FeedCursor | None, limit: int) -> Reading[FoundPage]:
        """Read the next rows after `place`, at most `limit` of them; from the beginning without a place."""
        limit = min(limit, self.calls.settings.page_size)
        rows: list[dict[str, Any]] = []
        server_time = None
        moment = 0 if place is None else _to_millis(place.time)
        if place is not None and place.row_id:
            # The rest of the rows of this moment, by their ids.
            same = [_filter(self.stamp, "EQ", moment), _filter(ID, "GT", int(place.row_id))]
            answer = yield self._ask(same, sort=ID, limit=limit)
            (rows, is_full), server_time = self._read(answer, limit), answer.server_time
            if rows and is_full:
                return FoundPage(rows, self._place_of(rows[-1]), False, server_time)
        since = "GT" if place is not None and place.row_id else "GTE"
        answer = yield self._ask([_filter(self.stamp, since, moment)], sort=self.stamp, limit=limit)
        later, is_full = self._read(answer, limit)
        server_time = server_time or answer.server_time
        if not is_full or not later:
            places = [self._place_of(row) for row in [*rows, *later]]
            reached = max(places, key=lambda one: (one.moment, one.row_id)) if places else None
            return FoundPage([*rows, *later], reached, True, server_time)
        last = self._place_of(later[-1])
        whole = [row for row in later if self._place_of(row).moment < last.moment]
        # Of the last moment there may be more rows, with any ids: they are read by id from the first on.
        return FoundPage([*rows, *whole], FeedCursor(last.time, "0".zfill(ID_DIGITS)), False, server_time)

    def _ask(self, filters: Sequence[Filter], *, sort: str, limit: int) -> Call:
        groups: Iterable[Sequence[Filter]] = [[*filters, kind] for kind in self.kinds] or [filters]
        names = [*self.properties, self.stamp, ID]
        return self.calls.search(self.kind, groups, sort=sort, properties=names, limit=limit)

    def _read(self, answer: ReadAnswer, limit: int) -> tuple[list[dict[str, Any]], bool]:
        """Return the rows that have an id and a time, which is a place, and whether more may follow."""
        found = read_results(answer.body, f"HubSpot {self.kind}")
        rows = [row for row in found if isinstance(row, dict) and self._has_place(row)]
        return rows, len(found) >= limit

    def _has_place(self, row: Mapping[str, Any]) -> bool:
        row_id = read_id(row.get("id"))
        try:
            parse_iso_time(read_properties(row).get(self.stamp))
        except ValueError:
            return False
        return row_id is not None and row_id.isascii() and row_id.isdecimal()

    def _place_of(self, row: Mapping[str, Any]) -> FeedCursor:
        return FeedCursor(str(read_properties(row)[self.stamp]), str(row["id"]).zfill(ID_DIGITS))


def _filter(name: str, operator: str, value: int) -> Filter:
    return {"propertyName": name, "operator": operator, "value": str(value)}


def _to_millis(time: str) -> int:
    """Return a time as search compares it: whole milliseconds since 1970 in UTC."""
    since = parse_iso_time(time) - datetime(1970, 1, 1, tzinfo=UTC)
    return since.days * 86_400_000 + since.seconds * 1_000 + since.microseconds // 1_000
