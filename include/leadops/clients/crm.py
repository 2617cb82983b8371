"""The CRM: what salespeople did, and who they are. Leads are made from the outbox, not from here."""

from typing import Any

from leadops.clients.parse_answer import is_unreadable
from leadops.clients.transport import Transport, expect
from leadops.errors import TransientError
from leadops.settings import Endpoint


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
        page = _page(expect(self.transport.send("GET", "/v1/activities", **params), "CRM activities"))
        cursor = page.get("cursor")
        if isinstance(cursor, bool) or not isinstance(cursor, int | str | None) or is_unreadable(cursor):
            raise TransientError("CRM activities: the page's cursor is neither text nor a whole number")
        return page | {"cursor": None if cursor is None else str(cursor)}

    def reps(self) -> list[Any]:
        """GET all salespeople: id, name, regions and so on. Raises as `activities` does."""
        return list(_page(expect(self.transport.send("GET", "/v1/reps"), "CRM reps"))["items"])

    def close(self) -> None:
        """Close the kept-alive connection."""
        self.transport.close()


def _page(body: Any) -> dict[str, Any]:
    """Return `body` when it is a page; anything else is an answer that got broken on the way."""
    if isinstance(body, list):
        return {"items": body}
    if not isinstance(body, dict) or not isinstance(body.get("items"), list):
        raise TransientError("CRM: the answer is not a page with items")
    return body
