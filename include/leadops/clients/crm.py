"""The CRM: what salespeople did, and who they are. Leads are made from the outbox, not from here."""

from typing import Any

from leadops.clients.answer_shapes import read_page
from leadops.clients.transport import Transport, expect
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
        body = expect(self.transport.send("GET", "/v1/activities", **params), "CRM activities")
        items, cursor = read_page(body, "CRM activities", may_be_list=True)
        rest = body if isinstance(body, dict) else {}
        return rest | {"items": items, "cursor": cursor}

    def reps(self) -> list[Any]:
        """GET all salespeople: id, name, regions and so on. Raises as `activities` does."""
        body = expect(self.transport.send("GET", "/v1/reps"), "CRM reps")
        return read_page(body, "CRM reps", may_be_list=True)[0]

    def close(self) -> None:
        """Close the kept-alive connection."""
        self.transport.close()
