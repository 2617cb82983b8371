"""The calls of HubSpot that leadops makes: paths and bodies. Values of properties are always texts there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from leadops.products.hubspot.hubspot_settings import HubSpotSettings
from leadops.products.product_rows import Call, EffectRow, TotalRow, UnsupportedCallError

#: Inputs of one batch. HubSpot's description has no number; its guides do.
BATCH_LIMIT = 100
#: Contacts of one page of the list.
LIST_PAGE = 100


@dataclass(frozen=True)
class HubSpotCalls:
    """Makes calls for one account's names of properties and version of paths."""

    settings: HubSpotSettings

    def find_path(self, kind: str, rest: str = "") -> str:
        """Return the path of an object's route, such as contacts."""
        return f"/crm/objects/{self.settings.api_version}/{kind}{rest}"

    def set_totals(self, rows: Sequence[TotalRow]) -> Call:
        """Return the batch update that sets the scores, by record id; hs_object_id is not an idProperty."""
        names = self.settings.properties
        inputs = []
        for row in rows:
            values = {names.score: str(row.points)}
            if names.seq is not None:
                values[names.seq] = str(row.seq)
            # A trace id in each input lets a row fail alone.
            inputs.append(
                {"id": row.external_id, "properties": values, "objectWriteTraceId": str(row.lead_id)}
            )
        return self._batch("update", inputs)

    def upsert_lead(self, effect: EffectRow) -> Call:
        """Return the upsert by leadops' own property. One by e-mail would take away what it does not name."""
        our_id = find_our_id(effect)
        values = self.map_facts(effect.values)
        if email := effect.values.get("email"):
            values["email"] = str(email)
        entry = {
            "id": our_id,
            "idProperty": self.settings.properties.external_id,
            "properties": values,
            "objectWriteTraceId": our_id,
        }
        return self._batch("upsert", [entry])

    def set_properties(self, external_id: str, values: Mapping[str, str]) -> Call:
        """Return the update of one contact. As a batch, so that the answer names the contact it changed."""
        entry = {"id": external_id, "properties": dict(values), "objectWriteTraceId": external_id}
        return self._batch("update", [entry])

    def erase(self, external_id: str) -> Call:
        """Return the call that deletes a contact for good, with its past, as the GDPR wants it."""
        body = orjson.dumps({"objectId": external_id}).decode()
        return Call("POST", self.find_path("contacts", "/gdpr-delete"), body)

    def opt_out(self, email: str) -> Call:
        """Return the call that opts an address out of all marketing mail, whatever its subscription type."""
        version = self.settings.api_version
        path = f"/communication-preferences/{version}/statuses/{quote(email, safe='@')}/unsubscribe-all"
        return Call("POST", path, params={"channel": "EMAIL"})

    def get_workflow(self, flow_id: str) -> Call:
        """Return GET of a workflow. Its API has no released version but v4."""
        return Call("GET", f"/automation/v4/flows/{quote(flow_id, safe='')}")

    def get_contact(self, external_id: str, *more: str) -> Call:
        """Return GET of one contact with leadops' own properties and `more`.

        A merged one answers as the one that goes on.
        """
        path = self.find_path("contacts", f"/{quote(external_id, safe='')}")
        return Call("GET", path, params={"properties": ",".join([*self.list_own_properties(), *more])})

    def list_contacts(self, cursor: str | None, *more: str) -> Call:
        """Return GET of one page of all contacts, with leadops' own properties and `more`."""
        params: dict[str, str | int] = {"limit": LIST_PAGE}
        params["properties"] = ",".join([*self.list_own_properties(), "email", *more])
        if cursor is not None:
            params["after"] = cursor
        return Call("GET", self.find_path("contacts"), params=params)

    def search(
        self,
        kind: str,
        groups: Iterable[Sequence[Mapping[str, Any]]],
        *,
        sort: str,
        properties: Sequence[str],
        limit: int,
    ) -> Call:
        """Return a search for what fits all filters of any of the `groups`, in ascending order of `sort`."""
        body = {
            "filterGroups": [{"filters": list(filters)} for filters in groups],
            "sorts": [{"propertyName": sort, "direction": "ASCENDING"}],
            "properties": list(properties),
            "limit": limit,
            "after": "0",
        }
        return Call("POST", self.find_path(kind, "/search"), orjson.dumps(body).decode())

    def read_histories(self, contact_ids: Sequence[str], properties: Sequence[str]) -> Call:
        """Return the batch read of contacts with the values that some properties had."""
        body = {
            "inputs": [{"id": contact_id} for contact_id in contact_ids],
            "properties": ["hs_object_id"],
            "propertiesWithHistory": list(properties),
        }
        return Call("POST", self.find_path("contacts", "/batch/read"), orjson.dumps(body).decode())

    def read_links(self, kind: str, ids: Sequence[str]) -> Call:
        """Return the batch read of the contacts that some calls, mails, meetings or tasks are about."""
        path = f"/crm/associations/{self.settings.api_version}/{kind}/contacts/batch/read"
        return Call("POST", path, orjson.dumps({"inputs": [{"id": one} for one in ids]}).decode())

    def list_owners(self, cursor: str | None) -> Call:
        """Return GET of one page of the users who may own contacts."""
        params: dict[str, str | int] = {"limit": LIST_PAGE} | ({} if cursor is None else {"after": cursor})
        return Call("GET", f"/crm/owners/{self.settings.api_version}", params=params)

    def map_facts(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Return the properties for those facts of a lead that the settings have a property for."""
        facts = dict(values)
        utm = values.get("utm")
        if isinstance(utm, Mapping):
            facts |= {f"utm_{name}": value for name, value in utm.items()}
        return {
            name: str(facts[fact])
            for fact, name in self.settings.facts.items()
            if name is not None and facts.get(fact) not in (None, "")
        }

    def list_own_properties(self) -> list[str]:
        """Return the properties by which leadops knows a contact and its score."""
        names = self.settings.properties
        return [name for name in (names.score, names.external_id, names.seq) if name is not None]

    def _batch(self, what: str, inputs: Sequence[Mapping[str, Any]]) -> Call:
        body = orjson.dumps({"inputs": inputs}).decode()
        return Call("POST", self.find_path("contacts", f"/batch/{what}"), body)


def find_our_id(effect: EffectRow) -> str:
    """Return leadops' id of the lead of an effect; that of a trial lead stands among its values.

    Raises UnsupportedCallError without one.
    """
    values = effect.values
    found = effect.lead_id or values.get("externalId") or values.get("idempotency_key")
    if not found:
        raise UnsupportedCallError("hubspot: a contact cannot be made without leadops' id of the lead")
    return str(found)
