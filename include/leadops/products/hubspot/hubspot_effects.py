"""The effects of leadops on contacts: made or found, handed to sales, changed, erased."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from leadops.products.hubspot.hubspot_calls import HubSpotCalls, find_our_id
from leadops.products.hubspot.hubspot_pages import read_properties
from leadops.products.hubspot.hubspot_results import read_change, read_upsert
from leadops.products.hubspot.hubspot_settings import HubSpotSettings
from leadops.products.product import (
    Call,
    EffectRow,
    NothingToSendError,
    RowResult,
    RowState,
    UnsupportedCallError,
)

STATUS = "hs_lead_status"


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
            case "erase_lead":
                return self.calls.erase(external_id)
        raise UnsupportedCallError(f"no operation {effect.operation!r} in the product hubspot")

    def read_answer(self, body: Any, effect: EffectRow) -> RowResult:
        """Return what an answer says of the contact; an erasure is answered without a body."""
        if effect.operation == "erase_lead":
            return RowResult(RowState.DONE)
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
