"""What a product that is a CRM says beside the calls of delivery: its feed, its users, and its leads."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from leadops.products.reading import Reading


@dataclass(frozen=True)
class CrmLead:
    """A lead as the CRM lists it; what is missing or unreadable there is None.

    `request_key` is the key of the request that made it, `owner_id` the id of the salesperson who has it.
    """

    external_id: str | None
    email: str | None = None
    request_key: str | None = None
    owner_id: str | None = None


@dataclass(frozen=True)
class CrmLeadPage:
    """Some of the CRM's leads, and where the next page begins (None: these are the last)."""

    leads: list[CrmLead]
    cursor: str | None


class CrmSide(ABC):
    """How a CRM is read. It holds no state; docs/products/adding.md shows what a page of the feed holds."""

    #: Only the feed says into which lead another was merged: a call on one that is gone waits for it.
    tells_merges_by_feed: ClassVar[bool] = False

    @abstractmethod
    def read_activities(self, after: str | None, limit: int) -> Reading[dict[str, Any]]:
        """Read one page of what happened with leads after the place `after` (None: from the beginning).

        `limit` is how many rows of each object one page shall have at most. Return {"items", "cursor"} with
        "now" and "done", or "as_of". A cursor that is not of this product counts as None.
        """

    @abstractmethod
    def read_users(self) -> Reading[list[Any]]:
        """Read all salespeople: {"id", "email", "name", "active", "zone"}, and what more it has."""

    @abstractmethod
    def read_leads(self, cursor: str | None) -> Reading[CrmLeadPage | None]:
        """Read one page of all leads; the first without a `cursor`. None: the CRM cannot list them."""
