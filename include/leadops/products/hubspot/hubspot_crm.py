"""The CRM side of HubSpot: what sales did with contacts, the owners, and all contacts."""

from collections.abc import Mapping
from typing import Any

from leadops.clients.answer_values import read_id
from leadops.products.crm_side import CrmLead, CrmLeadPage, CrmSide
from leadops.products.feed_cursor import FeedCursor
from leadops.products.feed_streams import Stream, StreamPage, read_streams
from leadops.products.hubspot.hubspot_activities import ENGAGEMENTS, ActivityReader
from leadops.products.hubspot.hubspot_calls import HubSpotCalls
from leadops.products.hubspot.hubspot_contacts import ContactReader
from leadops.products.hubspot.hubspot_pages import read_next, read_properties, read_results
from leadops.products.hubspot.hubspot_search import ChangeSearch
from leadops.products.hubspot.hubspot_settings import HubSpotSettings
from leadops.products.reading import Reading


class HubSpotCrm(CrmSide):
    """Reads one account; each object has a stream of its own, in the order of its last changes."""

    def __init__(self, settings: HubSpotSettings, calls: HubSpotCalls) -> None:
        self._settings, self._calls = settings, calls
        self._contacts = ContactReader(settings, calls)
        self._activities = ActivityReader(settings, calls)

    def read_activities(self, after: str | None, limit: int) -> Reading[dict[str, Any]]:
        """Read the next changes of statuses, merges, calls, meetings, mails and tasks."""
        page = yield from read_streams(after, limit, self._list_streams())
        return page

    def read_users(self) -> Reading[list[Any]]:
        """Read the owners who are not archived; HubSpot has no region, capacity or hours of them."""
        users: list[Any] = []
        cursor: str | None = None
        while True:
            answer = yield self._calls.list_owners(cursor)
            users += [_read_user(owner) for owner in read_results(answer.body, "HubSpot owners")]
            following = read_next(answer.body)
            if following is None or following == cursor:
                return users
            cursor = following

    def read_leads(self, cursor: str | None) -> Reading[CrmLeadPage | None]:
        """Read one page of all contacts; HubSpot does not keep the key of the request that made one."""
        answer = yield self._calls.list_contacts(cursor, "hubspot_owner_id")
        contacts = read_results(answer.body, "HubSpot contacts")
        return CrmLeadPage([_read_lead(contact) for contact in contacts], read_next(answer.body))

    def _list_streams(self) -> Mapping[str, Stream]:
        streams: dict[str, Stream] = {"contacts": self._read_contacts}
        for kind in ENGAGEMENTS:
            if self._activities.is_read(kind):
                streams[kind] = self._make_stream(kind)
        return streams

    def _read_contacts(self, place: FeedCursor | None, limit: int) -> Reading[StreamPage]:
        found = yield from self._contacts.search().read_after(place, limit)
        items = yield from self._contacts.read_items(found.rows)
        return StreamPage(items, found.reached, found.is_last, found.server_time)

    def _make_stream(self, kind: str) -> Stream:
        search = ChangeSearch(
            self._calls, kind, "hs_lastmodifieddate", self._activities.list_properties(kind)
        )

        def read(place: FeedCursor | None, limit: int) -> Reading[StreamPage]:
            found = yield from search.read_after(place, limit)
            items = yield from self._activities.read_items(kind, found.rows)
            return StreamPage(items, found.reached, found.is_last, found.server_time)

        return read


def _read_user(owner: Any) -> Any:
    """Return an owner in words of ours; what is not an owner stays, so that it is kept as refused."""
    if not isinstance(owner, dict):
        return owner
    names = [owner.get("firstName"), owner.get("lastName")]
    name = " ".join(str(part) for part in names if part)
    return {
        "id": owner.get("id"),
        "name": name or owner.get("email"),
        "email": owner.get("email"),
        "active": owner.get("archived") is not True,
    }


def _read_lead(contact: Any) -> CrmLead:
    entry, values = contact if isinstance(contact, dict) else {}, read_properties(contact)
    email = values.get("email")
    return CrmLead(
        external_id=read_id(entry.get("id")),
        email=email if isinstance(email, str) else None,
        owner_id=read_id(values.get("hubspot_owner_id") or None),
    )
