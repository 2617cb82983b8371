"""The CRM side of our own contract: one route each for activities, salespeople and leads."""

from typing import Any

from leadops.clients.answer_shapes import read_page
from leadops.clients.answer_values import read_id
from leadops.products.crm_side import CrmLead, CrmLeadPage, CrmSide
from leadops.products.product_rows import Call
from leadops.products.reading import Reading, RefusedCallError

#: Leads in one page.
PAGE = 1000
#: How a CRM says that it has no such route.
NO_ROUTE = (404, 405, 501)


class GenericCrm(CrmSide):
    """Its feed has one cursor, of the CRM's own or of a time and an id, and says its as_of or its time."""

    def read_activities(self, after: str | None, limit: int) -> Reading[dict[str, Any]]:
        """GET /v1/activities; what the page says beside its items and its cursor stays."""
        params: dict[str, str | int] = {"limit": limit} | ({} if after is None else {"after": after})
        answer = yield Call("GET", "/v1/activities", params=params)
        items, cursor = read_page(answer.body, "CRM activities", may_be_list=True)
        rest = answer.body if isinstance(answer.body, dict) else {}
        return rest | {"items": items, "cursor": cursor}

    def read_users(self) -> Reading[list[Any]]:
        """GET /v1/reps: a page or a list."""
        answer = yield Call("GET", "/v1/reps")
        return read_page(answer.body, "CRM reps", may_be_list=True)[0]

    def read_leads(self, cursor: str | None) -> Reading[CrmLeadPage | None]:
        """GET /v1/leads; None if the CRM has no such route."""
        try:
            answer = yield Call("GET", "/v1/leads", params={"after": cursor or "", "limit": PAGE})
        except RefusedCallError as refused:
            if cursor is None and refused.status in NO_ROUTE:
                return None
            raise
        items, next_cursor = read_page(answer.body, "CRM leads")
        return CrmLeadPage([_read_lead(item) for item in items], next_cursor)


def _read_lead(item: Any) -> CrmLead:
    values = item if isinstance(item, dict) else {}
    email, key = values.get("email"), values.get("idempotency_key")
    return CrmLead(
        external_id=read_id(values.get("id")),
        email=email if isinstance(email, str) else None,
        request_key=key if isinstance(key, str) else None,
        owner_id=read_id(values.get("owner_id")),
    )
