"""The calls to Marketo. A lead is updated by its id, and made by its address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from leadops.products.marketo.marketo_settings import MarketoSettings
from leadops.products.product import (
    Call,
    EffectRow,
    NothingToSendError,
    TotalRow,
    UnsupportedCallError,
)

LEADS, DELETE = "/rest/v1/leads.json", "/rest/v1/leads/delete.json"
USAGE, DESCRIBE = "/rest/v1/stats/usage.json", "/rest/v1/leads/describe2.json"
#: Rows and bytes of one call, and leads of one filter.
ROW_LIMIT, BYTE_LIMIT, FILTER_LIMIT = 300, 1_000_000, 300


@dataclass(frozen=True)
class MarketoCalls:
    """Makes the calls with the names of one subscription."""

    settings: MarketoSettings

    def set_totals(self, rows: Sequence[TotalRow]) -> Call:
        """Return the call that sets the scores of leads."""
        fields = self.settings.fields
        leads = [
            {"id": write_id(row.external_id), fields.score: row.points}
            | ({} if fields.seq is None else {fields.seq: row.seq})
            for row in rows
        ]
        return _sync(leads, action="updateOnly", lookup="id")

    def upsert_lead(self, effect: EffectRow) -> Call:
        """Return the call that makes a lead, or finds the one with its address."""
        values = effect.values
        lead = {"email": values["email"], **self._map_facts(values)}
        our_id = values.get("externalId") or effect.lead_id
        if our_id is not None:
            lead[self.settings.fields.external_id] = str(our_id)
        more = {} if self.settings.partition is None else {"partitionName": self.settings.partition}
        return _sync([lead], action="createOrUpdate", lookup="email", **more)

    def set_fields(self, effect: EffectRow) -> Call:
        """Return the call that sets facts of a lead; NothingToSendError where none of them has a field."""
        given = effect.values.get("fields")
        facts = self._map_facts(given if isinstance(given, dict) else {})
        if not facts:
            raise NothingToSendError("marketo.facts of products.yaml names a field for none of these facts")
        return _sync([{"id": write_id(effect.external_id)} | facts], action="updateOnly", lookup="id")

    def erase_lead(self, effect: EffectRow) -> Call:
        """Return the call that deletes a lead."""
        return Call("POST", DELETE, _write({"input": [{"id": write_id(effect.external_id)}]}))

    def find_leads(self, external_ids: Sequence[str]) -> Call:
        """Return the call that reads leads by their ids; those that are not there are left out."""
        fields = self.settings.fields
        names = ["id", "email", fields.external_id, fields.score, *([fields.seq] if fields.seq else [])]
        return Call(
            "GET",
            LEADS,
            params={"filterType": "id", "filterValues": ",".join(external_ids), "fields": ",".join(names)},
        )

    def _map_facts(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is known of a lead by the names of the fields; utm_source and so on from `utm`."""
        utm = values.get("utm")
        known = dict(values) | {
            f"utm_{name}": value for name, value in (utm if isinstance(utm, dict) else {}).items()
        }
        names = {fact: name for fact, name in self.settings.facts.items() if name is not None}
        return {
            name: known[fact]
            for fact, name in names.items()
            if isinstance(known.get(fact), str | int | float | bool)
        }


def write_id(external_id: str | None) -> int:
    """Return the id as Marketo writes it; raise UnsupportedCallError for an id that cannot be one of its."""
    if external_id is None or not (external_id.isascii() and external_id.isdecimal()):
        raise UnsupportedCallError(f"Marketo's ids of leads are whole numbers, not {external_id!r}")
    return int(external_id)


def _sync(leads: list[dict[str, Any]], *, action: str, lookup: str, **more: str) -> Call:
    return Call("POST", LEADS, _write({"action": action, "lookupField": lookup, "input": leads, **more}))


def _write(body: Any) -> str:
    return orjson.dumps(body).decode()
