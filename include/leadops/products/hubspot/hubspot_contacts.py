"""Changed contacts of HubSpot as items of the feed: their lead statuses and stages since ever, and merges."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadops.clients.answer_values import read_id
from leadops.products.hubspot.hubspot_calls import HubSpotCalls
from leadops.products.hubspot.hubspot_effects import STATUS
from leadops.products.hubspot.hubspot_pages import read_properties, read_results
from leadops.products.hubspot.hubspot_search import ChangeSearch, Filter
from leadops.products.hubspot.hubspot_settings import HubSpotSettings
from leadops.products.reading import Reading
from leadops.tabular.times import parse_iso_time

STAGE, OWNER, MERGED = "lifecyclestage", "hubspot_owner_id", "hs_merged_object_ids"
#: Contacts of one batch read, where the former values of properties are read as well.
HISTORY_LIMIT = 50
#: How HubSpot calls what no person did there.
PROGRAMS = ("API", "INTEGRATION")


@dataclass(frozen=True)
class ContactReader:
    """Reads what happened with contacts. It leaves out the two statuses that leadops itself sets."""

    settings: HubSpotSettings
    calls: HubSpotCalls

    def search(self) -> ChangeSearch:
        """Return the search for changed contacts that have a lead status, a stage that counts, or a merge.

        Each score that leadops sets changes its contact: without the filters all scored leads were read.
        """
        kinds: list[Filter] = [
            {"propertyName": STATUS, "operator": "HAS_PROPERTY"},
            {"propertyName": MERGED, "operator": "HAS_PROPERTY"},
        ]
        if stages := sorted(self.settings.lifecycle_stages):
            kinds.append({"propertyName": STAGE, "operator": "IN", "values": stages})
        return ChangeSearch(self.calls, "contacts", "lastmodifieddate", [STATUS, STAGE, MERGED], kinds)

    def read_items(self, rows: Sequence[Mapping[str, Any]]) -> Reading[list[dict[str, Any]]]:
        """Read the former values of the contacts that need it; return the items of all."""
        items = [item for row in rows for item in _list_merges(row)]
        ids = [str(row["id"]) for row in rows if self._has_history(read_properties(row))]
        for start in range(0, len(ids), HISTORY_LIMIT):
            call = self.calls.read_histories(ids[start : start + HISTORY_LIMIT], [STATUS, STAGE, OWNER])
            answer = yield call
            for contact in read_results(answer.body, "HubSpot contacts"):
                if isinstance(contact, dict):
                    items += self._list_changes(contact)
        return items

    def _has_history(self, values: Mapping[str, Any]) -> bool:
        """Whether anything may have happened besides what leadops set itself.

        It replaces a status only after the feed said that the lead's cycle ended, so nothing before is news.
        """
        status = values.get(STATUS)
        set_by_us = (self.settings.new_lead_status, self.settings.withdrawn_lead_status)
        is_moved = status not in (None, "", *set_by_us)
        return is_moved or values.get(STAGE) in self.settings.lifecycle_stages

    def _list_changes(self, contact: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        contact_id, histories = read_id(contact.get("id")), contact.get("propertiesWithHistory")
        if contact_id is None or not isinstance(histories, dict):
            return
        owners = _read_history(histories, OWNER)
        words = {STATUS: self.settings.lead_statuses, STAGE: self.settings.lifecycle_stages}
        for name, known in words.items():
            for moment, entry in _read_history(histories, name):
                value = str(entry["value"])
                if name == STAGE and value not in known:
                    continue
                if self._is_ours(name, entry):
                    continue
                owner = [str(one["value"]) for at, one in owners if at <= moment]
                yield {
                    "id": f"{name}:{contact_id}:{entry['timestamp']}",
                    "lead_id": contact_id,
                    "kind": "status",
                    "status": known.get(value, value),
                    "rep_id": (owner[-1] or None) if owner else None,
                    "occurred_at": entry["timestamp"],
                }

    def _is_ours(self, name: str, entry: Mapping[str, Any]) -> bool:
        set_by_us = (self.settings.new_lead_status, self.settings.withdrawn_lead_status)
        return name == STATUS and entry["value"] in set_by_us and entry.get("sourceType") in PROGRAMS


def _read_history(histories: Mapping[str, Any], name: str) -> list[tuple[datetime, dict[str, Any]]]:
    """Return the values that a property had, the oldest first, as far as they have a time."""
    entries = histories.get(name)
    found = []
    for entry in entries if isinstance(entries, list) else []:
        if not isinstance(entry, dict) or not isinstance(entry.get("value"), str):
            continue
        try:
            found.append((parse_iso_time(entry.get("timestamp")), entry))
        except ValueError:
            continue
    kept = [pair for pair in found if pair[1]["value"] or name == OWNER]
    return sorted(kept, key=lambda pair: pair[0])


def _list_merges(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield an item for each contact that was merged into this one."""
    merged = read_properties(row).get(MERGED)
    for gone in str(merged or "").split(";"):
        if gone.strip().isdecimal():
            yield {"kind": "merged", "lead_id": gone.strip(), "into": str(row["id"])}
