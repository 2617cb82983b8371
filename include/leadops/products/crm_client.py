"""The CRM that a connection names: what salespeople did, who they are, and its leads.

Leads are made from the outbox, not from here.
"""

from collections.abc import Callable, Iterator
from typing import Any

from leadops.clients.answer_shapes import AnswerShapeError
from leadops.errors import ConfigError
from leadops.products.crm_side import CrmLead, CrmLeadPage, CrmSide
from leadops.products.product_client import ProductClient
from leadops.settings import Endpoint


class CrmClient:
    """The reading side of the CRM; not thread-safe. All reads raise alike.

    TransientError when there is no whole answer, PermanentError when the CRM refuses.
    """

    def __init__(self, endpoint: Endpoint, *, sleep: Callable[[float], None] | None = None) -> None:
        """Raise ConfigError where the connection names a product that leadops does not have, or no CRM.

        With `sleep` a read waits out short limits, such as those of a second.
        """
        self.client = ProductClient(endpoint, sleep=sleep)
        product = self.client.product
        if product.crm is None:
            raise ConfigError(f"the connection to {endpoint.base_url}, extra: {product.name} is not a CRM")
        self._crm: CrmSide = product.crm

    @property
    def has_one_id(self) -> bool:
        """Whether a lead would have the same id in this system as MA."""
        return self.client.product.has_one_id

    def activities(self, *, after: str | None, limit: int) -> dict[str, Any]:
        """Read one page of activities: {"items": [...], "cursor": text or None, "as_of" or "now": ISO 8601}.

        `after` is the cursor of an earlier page, None for the beginning. Only the page itself is checked; an
        item may be anything.
        """
        return self.client.read(self._crm.read_activities(after, limit), "CRM activities")

    def reps(self) -> list[Any]:
        """Read all salespeople: id, name, regions and so on."""
        return self.client.read(self._crm.read_users(), "CRM reps")

    def iterate_leads(self) -> Iterator[CrmLead] | None:
        """Read all leads, page by page; None if the CRM cannot list them."""
        first = self._read_leads(None)
        return None if first is None else self._iterate_pages(first)

    def _iterate_pages(self, page: CrmLeadPage | None) -> Iterator[CrmLead]:
        cursor: str | None = None
        while page is not None:
            yield from page.leads
            if page.cursor is None:
                return
            if page.cursor == cursor:
                raise AnswerShapeError("CRM leads: the page's cursor leads to no other page")
            cursor = page.cursor
            page = self._read_leads(cursor)

    def _read_leads(self, cursor: str | None) -> CrmLeadPage | None:
        return self.client.read(self._crm.read_leads(cursor), "CRM leads")

    def close(self) -> None:
        """Close the kept-alive connection."""
        self.client.close()
