"""Enrolments in Salesforce: members of a campaign, with the message in fields of the member.

A lead is a member of a campaign once. Where it is one already, the member is found, and gets the message of
this cycle, unless it has it: so every call can be repeated.
"""

from collections.abc import Mapping
from typing import Any

from leadops.products.enrolment import Enrolment
from leadops.products.product_rows import Call, EffectRow, RowResult, RowState, UnsupportedCallError
from leadops.products.salesforce.salesforce_bodies import form_query, quote_text, write_json
from leadops.products.salesforce.salesforce_codes import judge_error, read_errors
from leadops.products.salesforce.salesforce_ids import CONTACT, find_object, write_id
from leadops.products.salesforce.salesforce_settings import SalesforceSettings

MEMBER, CAMPAIGN = "CampaignMember", "Campaign"
IS_MEMBER, NO_RECORD = "DUPLICATE_VALUE", "INVALID_CROSS_REFERENCE_KEY"
NO_CAMPAIGN = "Salesforce has no such campaign, or leadops' user does not see it: correct products.yaml"
NOT_A_CAMPAIGN = "the id of a campaign has 15 or 18 characters"


def form_member(settings: SalesforceSettings, effect: EffectRow) -> Call:
    """Return the call that makes a lead or contact a member of the campaign of a step."""
    fields = {CAMPAIGN + "Id": _find_campaign(settings, effect), _name_person(effect): effect.external_id}
    row = {"attributes": {"type": MEMBER}, **fields}
    row |= settings.enrolments.fill_tokens(Enrolment.read(effect.values))
    # In a collection what the user of leadops may not do is an error of the row, and stops nothing else.
    body = write_json({"allOrNone": False, "records": [row]})
    return Call("POST", settings.path("composite/sobjects"), body)


def read_member(settings: SalesforceSettings, body: Any, effect: EffectRow) -> RowResult:
    """Return what an answer to any call of an enrolment says, with the call that follows it."""
    if isinstance(body, dict) and "records" in body:
        return _update_found(settings, body["records"], effect)
    results = body if isinstance(body, list) else [body]
    first = results[0] if len(results) == 1 else None
    if results == [None]:
        return RowResult(RowState.DEAD, NO_CAMPAIGN)
    if isinstance(first, dict) and "Id" in first:
        # The campaign is there, so that the lead is not.
        return RowResult(RowState.MOVED)
    if isinstance(first, dict) and first.get("success") is True:
        return RowResult(RowState.DONE)
    errors = read_errors(first if isinstance(first, dict) and "success" in first else results)
    if not errors:
        return RowResult(RowState.UNKNOWN)
    judged = judge_error(errors[0])
    if errors[0].code == IS_MEMBER:
        return RowResult(RowState.AGAIN, judged.reason, next_call=_form_search(settings, effect))
    if errors[0].code == NO_RECORD:
        return RowResult(RowState.AGAIN, judged.reason, next_call=_form_campaign(settings, effect))
    return judged


def _update_found(settings: SalesforceSettings, records: Any, effect: EffectRow) -> RowResult:
    """Return the call that gives a member the message of this cycle; DONE where it has it."""
    found: Mapping[str, Any] = records[0] if isinstance(records, list) and records else {}
    member = write_id(found.get("Id"))
    if member is None:
        return RowResult(RowState.AGAIN, "the member of the campaign is gone again")
    enrolment = Enrolment.read(effect.values)
    if found.get(settings.enrolments.mark) == enrolment.name:
        return RowResult(RowState.DONE)
    row = {"attributes": {"type": MEMBER}, "id": member, **settings.enrolments.fill_tokens(enrolment)}
    body = write_json({"allOrNone": False, "records": [row]})
    return RowResult(RowState.AGAIN, next_call=Call("PATCH", settings.path("composite/sobjects"), body))


def _form_search(settings: SalesforceSettings, effect: EffectRow) -> Call:
    campaign, person = _find_campaign(settings, effect), quote_text(effect.external_id or "")
    return form_query(
        settings,
        MEMBER,
        ("Id", settings.enrolments.mark),
        f"CampaignId = {quote_text(campaign)}",
        f"{_name_person(effect)} = {person}",
        limit=1,
    )


def _form_campaign(settings: SalesforceSettings, effect: EffectRow) -> Call:
    params = {"ids": _find_campaign(settings, effect), "fields": "Id"}
    return Call("GET", settings.path(f"composite/sobjects/{CAMPAIGN}"), params=params)


def _find_campaign(settings: SalesforceSettings, effect: EffectRow) -> str:
    place = Enrolment.read(effect.values).place
    if gap := settings.enrolments.find_gap(place, product="salesforce", what="campaign"):
        raise UnsupportedCallError(f"step {place}: {gap}")
    campaign = write_id(settings.enrolments.find_id(place))
    if campaign is None:
        raise UnsupportedCallError(f"step {place}: {NOT_A_CAMPAIGN}")
    return campaign


def _name_person(effect: EffectRow) -> str:
    return "ContactId" if find_object(effect.external_id or "") == CONTACT else "LeadId"
