"""The calls to Marketo. A lead is updated by its id, and made by its address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from leadops.products.enrolment import Enrolment
from leadops.products.marketo.marketo_settings import MarketoSettings
from leadops.products.product_rows import Call, EffectRow, NothingToSendError, TotalRow, UnsupportedCallError

LEADS, DELETE = "/rest/v1/leads.json", "/rest/v1/leads/delete.json"
USAGE, DESCRIBE = "/rest/v1/stats/usage.json", "/rest/v1/leads/describe2.json"
#: A request of a smart campaign, for up to 100 leads; leadops requests it for one.
TRIGGER = "/rest/v1/campaigns/{campaign}/trigger.json"
CAMPAIGNS_OF_LEAD = "/rest/v1/leads/{lead}/smartCampaignMembership.json"
UNSUBSCRIBED, BY_ID = "unsubscribed", {"action": "updateOnly", "lookup": "id"}
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

    def enrol_lead(self, effect: EffectRow) -> Call:
        """Return the request of the smart campaign of a step, with the message as tokens of its program.

        A token without a value is left out: then that of the program counts.
        """
        enrolment, settings = Enrolment.read(effect.values), self.settings.enrolments
        if gap := settings.find_gap(enrolment.place, product="marketo", what="smart campaign"):
            raise UnsupportedCallError(f"step {enrolment.place}: {gap}")
        tokens = [
            {"name": f"{{{{my.{name}}}}}", "value": value}
            for name, value in settings.fill_tokens(enrolment).items()
            if value
        ]
        wanted = {"leads": [{"id": write_id(effect.external_id)}], "tokens": tokens}
        path = TRIGGER.format(campaign=settings.find_id(enrolment.place))
        return Call("POST", path, _write({"input": wanted}))

    def find_campaigns_of_lead(self, effect: EffectRow) -> Call:
        """Return the read of the smart campaigns that a lead went through."""
        return Call("GET", CAMPAIGNS_OF_LEAD.format(lead=write_id(effect.external_id)))

    def opt_out_lead(self, effect: EffectRow) -> Call:
        """Return the call that unsubscribes a lead from all marketing mail."""
        return _sync([{"id": write_id(effect.external_id), UNSUBSCRIBED: True}], **BY_ID)

    def opt_in_lead(self, effect: EffectRow) -> Call:
        """Return the call that takes an unsubscription back."""
        return _sync([{"id": write_id(effect.external_id), UNSUBSCRIBED: False}], **BY_ID)

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
