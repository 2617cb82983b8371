"""Calls, meetings, mails and tasks of HubSpot as activities: objects of their own, with links to contacts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadops.clients.answer_values import read_id
from leadops.products.hubspot.hubspot_calls import HubSpotCalls
from leadops.products.hubspot.hubspot_pages import read_properties, read_results
from leadops.products.hubspot.hubspot_settings import HubSpotSettings
from leadops.products.reading import Reading
from leadops.tabular.times import parse_iso_time

#: HubSpot's objects, and what of each is kept as details.
ENGAGEMENTS: dict[str, tuple[str, ...]] = {
    "calls": ("hs_call_direction", "hs_call_disposition", "hs_call_status"),
    "meetings": ("hs_meeting_outcome",),
    "emails": ("hs_email_direction", "hs_email_status"),
    "tasks": ("hs_task_status", "hs_task_type"),
}
COMMON = ("hs_timestamp", "hs_createdate", "hubspot_owner_id")
#: A mail that sales got, not one that they sent.
INCOMING = "INCOMING_EMAIL"
#: Outcomes of a meeting that does not count, since it does not take place.
CANCELED = ("CANCELED", "CANCELLED")


@dataclass(frozen=True)
class ActivityReader:
    """Makes items of the feed from rows of search."""

    settings: HubSpotSettings
    calls: HubSpotCalls

    def is_read(self, kind: str) -> bool:
        """Whether the settings have a word for any activity of this object."""
        kinds = self.settings.activities
        return getattr(kinds, kind) is not None or (kind == "emails" and kinds.incoming_emails is not None)

    def list_properties(self, kind: str) -> list[str]:
        """Return the properties that items need."""
        return [*COMMON, *ENGAGEMENTS[kind]]

    def read_items(self, kind: str, rows: Sequence[Mapping[str, Any]]) -> Reading[list[dict[str, Any]]]:
        """Read which contacts the rows are about; return an item for each row and contact."""
        ids = [str(row["id"]) for row in rows]
        if not ids:
            return []
        answer = yield self.calls.read_links(kind, ids)
        contacts = _read_contacts(answer.body, kind)
        return [
            item for row in rows for item in self._make_items(kind, row, contacts.get(str(row["id"]), []))
        ]

    def _make_items(
        self, kind: str, row: Mapping[str, Any], contacts: Sequence[str]
    ) -> Iterator[dict[str, Any]]:
        values = read_properties(row)
        word = self._find_word(kind, values)
        for contact in contacts if word is not None else ():
            item_id = f"{kind}:{row['id']}:{contact}"
            if values.get("hs_meeting_outcome") in CANCELED:
                yield {"id": item_id, "deleted": True}
                continue
            yield {
                "id": item_id,
                "lead_id": contact,
                "kind": word,
                "rep_id": values.get("hubspot_owner_id") or None,
                "occurred_at": find_moment(values),
                "details": {
                    name: values[name] for name in ENGAGEMENTS[kind] if values.get(name) not in (None, "")
                },
            }

    def _find_word(self, kind: str, values: Mapping[str, Any]) -> str | None:
        kinds = self.settings.activities
        if kind == "emails" and values.get("hs_email_direction") == INCOMING:
            return kinds.incoming_emails
        word: str | None = getattr(kinds, kind)
        return word


def find_moment(values: Mapping[str, Any]) -> Any:
    """Return when something was done: its own time, or when it was entered if that is earlier.

    The time of a planned meeting lies in the future: that it is agreed happened when it was entered. What
    cannot be read stays, so that the item is kept as refused.
    """
    moment, entered = values.get("hs_timestamp"), values.get("hs_createdate")
    try:
        return min(moment, entered, key=parse_iso_time)
    except (ValueError, TypeError):
        return moment or entered


def _read_contacts(body: Any, kind: str) -> dict[str, list[str]]:
    """Return the ids of the contacts by the id of the activity; what is not linked is missing."""
    contacts: dict[str, list[str]] = {}
    for link in read_results(body, f"HubSpot contacts of {kind}"):
        if not isinstance(link, dict) or not isinstance(link.get("from"), dict):
            continue
        to = link.get("to")
        ends = [end for end in (to if isinstance(to, list) else []) if isinstance(end, dict)]
        found = [one for end in ends if (one := read_id(end.get("toObjectId"))) is not None]
        contacts.setdefault(str(link["from"].get("id")), []).extend(dict.fromkeys(found))
    return contacts
