"""The CRM: what salespeople did, and who they are. Leads are made from the outbox, not from here."""

from collections.abc import Iterator
from typing import Any

from leadops.clients.answer_shapes import AnswerShapeError, read_page
from leadops.clients.transport import Refused, Transport, expect
from leadops.settings import Endpoint

#: Leads in one page.
PAGE = 1000


class CrmClient:
    """The reading side of the CRM's HTTP contract, one method a route; not thread-safe."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.transport = Transport(endpoint)

    def activities(self, *, after: str | None, limit: int) -> dict[str, Any]:
        """GET one page of activities: {"items": [...], "cursor": text or None, "as_of": ISO 8601}.

        `after` is the cursor of an earlier page, None for the beginning. Only the page itself is checked; an
        item may be anything. Raises TransientError when there is no whole answer, PermanentError when the CRM
        refuses.
        """
        params: dict[str, Any] = {"limit": limit} | ({} if after is None else {"after": after})
        body = expect(self.transport.send("GET", "/v1/activities", **params), "CRM activities")
        items, cursor = read_page(body, "CRM activities", may_be_list=True)
        rest = body if isinstance(body, dict) else {}
        return rest | {"items": items, "cursor": cursor}

    def reps(self) -> list[Any]:
        """GET all salespeople: id, name, regions and so on. Raises as `activities` does."""
        body = expect(self.transport.send("GET", "/v1/reps"), "CRM reps")
        return read_page(body, "CRM reps", may_be_list=True)[0]

    def iterate_leads(self) -> Iterator[Any] | None:
        """GET all leads, page by page: {"id", "email", "idempotency_key"}; None if the CRM has no such route.

        Raises TransientError or PermanentError when a page cannot be had.
        """
        first = self.transport.send("GET", "/v1/leads", after="", limit=PAGE)
        if isinstance(first, Refused) and first.status in (404, 405, 501):
            return None
        return self._iterate_pages(expect(first, "CRM leads"))

    def _iterate_pages(self, page: Any) -> Iterator[Any]:
        cursor: str | None = None
        while True:
            items, next_cursor = read_page(page, "CRM leads")
            yield from items
            if next_cursor is None:
                return
            if next_cursor == cursor:
                raise AnswerShapeError("CRM leads: the page's cursor leads to no other page")
            cursor = next_cursor
            page = expect(self.transport.send("GET", "/v1/leads", after=cursor, limit=PAGE), "CRM leads")

    def close(self) -> None:
        """Close the kept-alive connection."""
        self.transport.close()
