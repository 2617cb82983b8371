"""The effects of leadops on contacts: made or found, handed to sales, changed, erased."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from leadops.products.enrolment import Enrolment
from leadops.products.hubspot.hubspot_calls import HubSpotCalls, find_our_id
from leadops.products.hubspot.hubspot_codes import list_errors
from leadops.products.hubspot.hubspot_pages import read_properties
from leadops.products.hubspot.hubspot_results import read_change, read_error, read_upsert
from leadops.products.hubspot.hubspot_settings import HubSpotSettings
from leadops.products.product_rows import (
    Call,
    EffectRow,
    NothingToSendError,
    RowResult,
    RowState,
    UnsupportedCallError,
)

STATUS = "hs_lead_status"
#: The address, and whether it is opted out of all mail.
ADDRESS = ("email", "hs_email_optout")


@dataclass(frozen=True)
class HubSpotEffects:
    """Makes the calls of effects, and reads what they came to. Each may be repeated from its beginning.

    A contact is made by an upsert with leadops' own property. Where another contact has the address already,
    that one gets the property. A lead that goes to sales gets the lead status of new leads, unless sales are
    at work on it: so its status is read in between.
    """

    settings: HubSpotSettings
    calls: HubSpotCalls

    def make_call(self, effect: EffectRow) -> Call:
        """Return the first call of an effect; raise UnsupportedCallError if there is none."""
        external_id = effect.external_id or ""
        match effect.operation:
            case "upsert_lead" | "create_lead":
                return self.calls.upsert_lead(effect)
            case "set_fields":
                return self.calls.set_properties(external_id, self._map_fields(effect))
            case "set_owner":
                owner = {"hubspot_owner_id": str(effect.values["owner_id"])}
                return self.calls.set_properties(external_id, owner)
            case "withdraw_lead":
                return self._set_status(effect, "withdrawn_lead_status", self.settings.withdrawn_lead_status)
            case "restore_lead":
                return self._set_status(effect, "new_lead_status", self.settings.new_lead_status)
            case "enrol_lead":
                return self.calls.set_properties(external_id, self._fill_enrolment(effect))
            case "opt_out_lead":
                return self.calls.get_contact(external_id, *ADDRESS)
            case "erase_lead":
                return self.calls.erase(external_id)
            case "opt_in_lead":
                raise UnsupportedCallError("HubSpot lets only the person take back an opt-out of all mail")
        raise UnsupportedCallError(f"no operation {effect.operation!r} in the product hubspot")

    def read_answer(self, body: Any, effect: EffectRow) -> RowResult:
        """Return what an answer says of the contact; an erasure is answered without a body."""
        if effect.operation == "erase_lead":
            return RowResult(RowState.DONE)
        if effect.operation == "opt_out_lead":
            return self._read_opt_out(body)
        if effect.operation not in ("upsert_lead", "create_lead"):
            return read_change(body, effect.external_id or "")
        if isinstance(body, dict) and "results" not in body and "properties" in body:
            return self._hand_over(body, effect)
        result = read_upsert(body)
        if result.external_id is None:
            return result
        if effect.operation == "create_lead" and self._may_hand_over(body):
            following = self.calls.get_contact(result.external_id, STATUS)
            return RowResult(RowState.AGAIN, result.reason, None, result.external_id, following)
        if result.state is RowState.DONE:
            return result
        return replace(result, next_call=self.calls.set_properties(result.external_id, self._name(effect)))

    def _may_hand_over(self, body: Any) -> bool:
        """Whether the answer is that to the upsert, not to the change of the status that follows it."""
        results = body.get("results") or [{}]
        return self.settings.new_lead_status is not None and STATUS not in read_properties(results[0])

    def _hand_over(self, contact: Mapping[str, Any], effect: EffectRow) -> RowResult:
        """Return the call that names the contact, and makes it a new lead where nobody is at work on it."""
        values, external_id = read_properties(contact), str(contact.get("id"))
        changes = self._name(effect) if values.get(self.settings.properties.external_id) in (None, "") else {}
        status = values.get(STATUS)
        if status in (None, "") or status in self.settings.replaced_lead_statuses:
            changes |= {STATUS: self.settings.new_lead_status or ""}
        if not changes:
            return RowResult(RowState.DONE, external_id=external_id)
        following = self.calls.set_properties(external_id, changes)
        return RowResult(RowState.AGAIN, None, None, external_id, following)

    def _set_status(self, effect: EffectRow, setting: str, status: str | None) -> Call:
        if status is None:
            raise UnsupportedCallError(f"hubspot.{setting} of products.yaml names no lead status")
        return self.calls.set_properties(effect.external_id or "", {STATUS: status})

    def _fill_enrolment(self, effect: EffectRow) -> dict[str, str]:
        """Return the properties of a message; the workflow begins by the change of one of them."""
        enrolment = Enrolment.read(effect.values)
        if gap := self.settings.enrolments.find_gap(enrolment.place, product="hubspot", what="workflow"):
            raise UnsupportedCallError(f"step {enrolment.place}: {gap}")
        return self.settings.enrolments.fill_tokens(enrolment)

    def _read_opt_out(self, body: Any) -> RowResult:
        """Return the call that opts out the address of the contact that was read, or what it came to.

        hs_email_optout is HubSpot's own word and read only: an address that is out stays out.
        """
        if isinstance(body, dict) and "properties" in body:
            values = read_properties(body)
            email, is_out = (values.get(name) for name in ADDRESS)
            if not email or str(is_out).lower() == "true":
                return RowResult(RowState.DONE)
            return RowResult(RowState.AGAIN, next_call=self.calls.opt_out(str(email)))
        if not isinstance(body, dict):
            return RowResult(RowState.UNKNOWN)
        for error in list_errors(body):
            return read_error(error)
        return RowResult(RowState.DONE if isinstance(body.get("results"), list) else RowState.UNKNOWN)

    def _name(self, effect: EffectRow) -> dict[str, str]:
        return {self.settings.properties.external_id: find_our_id(effect)}

    def _map_fields(self, effect: EffectRow) -> dict[str, str]:
        fields = effect.values.get("fields")
        values = self.calls.map_facts(fields if isinstance(fields, dict) else {})
        if not values:
            raise NothingToSendError(
                "hubspot.facts of products.yaml has a property for none of: " + ", ".join(fields or ())
            )
        return values
