"""Effects in Salesforce: how each begins, and which call follows an answer that is not the last word.

A lead is made by POST, which an external id that is there refuses: then the lead is found, compared by its
address, and updated. A record that was deleted, merged or converted is looked up, and what stands for it is
written instead. Every call can be repeated.
"""

from collections.abc import Mapping
from typing import Any

from leadops.clients.answer_shapes import AnswerShapeError
from leadops.products.product_rows import (
    Call,
    EffectRow,
    NothingToSendError,
    RowResult,
    RowState,
    UnsupportedCallError,
)
from leadops.products.salesforce.salesforce_bodies import form_create, form_delete, form_update
from leadops.products.salesforce.salesforce_codes import (
    OPT_OUT_FIELD,
    OWNER_FIELD,
    SalesforceError,
    judge_error,
    read_errors,
)
from leadops.products.salesforce.salesforce_ids import write_id
from leadops.products.salesforce.salesforce_leads import (
    FoundRecord,
    form_lookup,
    form_remains,
    form_search,
    read_found,
    read_records,
)
from leadops.products.salesforce.salesforce_members import form_member, read_member
from leadops.products.salesforce.salesforce_settings import SalesforceSettings

OPT_OUTS = {"opt_out_lead": True, "opt_in_lead": False}
MAKES_LEAD = ("upsert_lead", "create_lead")
ANOTHER_LEAD = (
    "the lead with this external id in Salesforce has another address: look there, correct it or clear its"
    " external id, then retry"
)
#: A duplicate rule may compare names alone: of two people of one name the other must not get the address.
PERHAPS_ANOTHER = (
    "a duplicate rule of your Salesforce finds a record without an address, which may be another person's:"
    " give it the address, or make the lead by hand, then retry"
)
SEVERAL = "several leads in Salesforce have this external id: clear it from all but one, then retry"
UNSEEN = "a record has this external id already, and leadops' user does not see it"
NOT_CHANGEABLE = "Salesforce shows the record, and refuses to change it"
#: Deleting what is not there is done.
ABSENT = ("ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND")


def form_effect(settings: SalesforceSettings, effect: EffectRow) -> Call:
    """Return the first call of an effect; raise UnsupportedCallError if there is none."""
    if effect.operation in MAKES_LEAD:
        placeholders = settings.placeholders
        fields = {name: text for name, text in placeholders.items() if text} | list_facts(settings, effect)
        if effect.operation == "create_lead" and settings.new_lead_status:
            fields["Status"] = settings.new_lead_status
        return form_create(settings, fields)
    if effect.external_id is None:
        raise UnsupportedCallError(f"Salesforce has no call for {effect.operation!r} without an id")
    if effect.operation == "enrol_lead":
        return form_member(settings, effect)
    if effect.operation == "erase_lead":
        return form_remains(settings, effect.external_id)
    return form_update(settings, [(effect.external_id, list_changes(settings, effect))])


def list_facts(settings: SalesforceSettings, effect: EffectRow) -> dict[str, Any]:
    """Return the fields of a lead that are known, its address and its external id among them."""
    values = effect.values
    # A lead that is made for a trial has no number of ours.
    external_id = values.get("externalId") or effect.lead_id or values.get("idempotency_key")
    if external_id is None:
        raise UnsupportedCallError("Salesforce makes no lead without leadops' id of it")
    utm = values.get("utm")
    named = dict(values) | {
        f"utm_{name}": value for name, value in (utm.items() if isinstance(utm, Mapping) else ())
    }
    facts = {
        field: named[name]
        for name, field in settings.facts.items()
        if field is not None and named.get(name) not in (None, "")
    }
    email = {"Email": values["email"]} if values.get("email") else {}
    return {settings.fields.external_id: str(external_id)} | email | facts


def list_changes(settings: SalesforceSettings, effect: EffectRow) -> dict[str, Any]:
    """Return the fields that an effect sets of a lead that is there.

    Raises NothingToSendError where none of its facts has a field, UnsupportedCallError for another effect.
    """
    if effect.operation == "set_owner":
        owner = write_id(effect.values.get("owner_id"))
        if owner is None:
            raise UnsupportedCallError("the owner's id is not one of Salesforce")
        return {OWNER_FIELD: owner}
    if effect.operation in OPT_OUTS:
        return {OPT_OUT_FIELD: OPT_OUTS[effect.operation]}
    if effect.operation == "set_fields":
        values = effect.values.get("fields") or {}
        facts = {
            field: values[name]
            for name, field in settings.facts.items()
            if field is not None and name in values
        }
        if not facts:
            raise NothingToSendError(
                "salesforce.facts of products.yaml names a field for none of these facts"
            )
        return facts
    raise UnsupportedCallError(f"Salesforce has no call for {effect.operation!r}")


def read_effect(settings: SalesforceSettings, body: Any, effect: EffectRow) -> RowResult:
    """Return what an answer to any call of an effect says, with the call that follows it."""
    if effect.operation == "enrol_lead":
        return read_member(settings, body, effect)
    if isinstance(body, dict) and "records" in body:
        return _read_query(settings, body, effect)
    if body is None:
        return RowResult(RowState.DONE)
    results = body if isinstance(body, list) else [body]
    if effect.operation == "erase_lead":
        return _read_deletions(results)
    first = results[0] if results and isinstance(results[0], dict) else {}
    if len(results) == 1 and first.get("success") is True:
        record_id = write_id(first.get("id"))
        return RowResult(RowState.DONE if record_id else RowState.UNKNOWN, external_id=record_id)
    errors = read_errors(first if "success" in first else results)
    if not errors:
        return RowResult(RowState.UNKNOWN)
    return _follow_error(settings, errors[0], results, effect)


def _follow_error(
    settings: SalesforceSettings, error: SalesforceError, results: list[Any], effect: EffectRow
) -> RowResult:
    """Return what an error comes to: the next call where one can still do what is asked."""
    judged = judge_error(error)
    if effect.operation in MAKES_LEAD:
        if (
            error.code == "DUPLICATE_VALUE"
            and settings.fields.external_id in f"{error.fields}{error.message}"
        ):
            facts = list_facts(settings, effect)
            call = form_search(settings, facts[settings.fields.external_id])
            return RowResult(RowState.AGAIN, judged.reason, next_call=call)
        if error.code == "DUPLICATES_DETECTED" and (match := find_match(results)):
            return RowResult(RowState.AGAIN, judged.reason, next_call=form_lookup(settings, match))
    elif judged.state in (RowState.GONE, RowState.MOVED) and effect.external_id is not None:
        call = form_lookup(settings, effect.external_id)
        return RowResult(RowState.AGAIN, judged.reason, next_call=call)
    return judged


def find_match(results: list[Any]) -> str | None:
    """Return the only record that a duplicate rule found, None if it found several or names none."""
    found = set[str]()
    for result in results:
        named = [
            value
            for name, value in (result.items() if isinstance(result, dict) else ())
            if name in ("duplicateResult", "duplicateResut") and isinstance(value, dict)
        ]
        for outcome in named:
            for rule in outcome.get("matchResults") or []:
                for match in rule.get("matchRecords") or []:
                    found.add(write_id((match.get("record") or {}).get("Id")) or "")
    return found.pop() if len(found) == 1 and "" not in found else None


def _read_query(settings: SalesforceSettings, body: Any, effect: EffectRow) -> RowResult:
    """Return what follows a look-up, which the answer to an earlier call asked for."""
    if effect.operation == "erase_lead":
        return _read_remains(settings, body, effect)
    try:
        found = read_found(body)
    except AnswerShapeError as error:
        return RowResult(RowState.UNKNOWN, str(error))
    if len(body["records"]) > 1:
        return RowResult(RowState.DEAD, SEVERAL)
    if effect.operation in MAKES_LEAD:
        return _take_found(settings, found, effect)
    if found is None:
        return RowResult(RowState.GONE, "there is no such record in Salesforce")
    if found.absence is None:
        return RowResult(RowState.DEAD, NOT_CHANGEABLE)
    survivor = found.absence.merged_into
    if effect.target == "ma" or survivor is None or survivor == found.record_id:
        return RowResult(RowState.GONE, f"the record is {found.absence.word} in Salesforce", found.absence)
    call = form_update(settings, [(survivor, list_changes(settings, effect))])
    return RowResult(RowState.AGAIN, external_id=survivor, next_call=call)


def _take_found(settings: SalesforceSettings, found: FoundRecord | None, effect: EffectRow) -> RowResult:
    """Return what follows where the lead that was to be made is there: it is updated, if it is the same."""
    if found is None:
        return RowResult(RowState.DEAD, UNSEEN)
    facts, address = list_facts(settings, effect), effect.values.get("email")
    if found.email and address and found.email.casefold() != str(address).casefold():
        return RowResult(RowState.DEAD, ANOTHER_LEAD)
    name = settings.fields.external_id
    if not found.email and found.values.get(name) != facts[name]:
        return RowResult(RowState.DEAD, PERHAPS_ANOTHER)
    record_id = found.record_id
    if found.absence is not None:
        if found.absence.merged_into is None:
            return RowResult(RowState.DEAD, UNSEEN)
        record_id = found.absence.merged_into
    call = form_update(settings, [(record_id, facts)])
    return RowResult(RowState.AGAIN, external_id=record_id, next_call=call)


def _read_remains(settings: SalesforceSettings, body: Any, effect: EffectRow) -> RowResult:
    """Return the call that deletes all that is left of somebody: leads, and the contact that one became.

    Of a lead that was merged the one that goes on has all, so that is looked at first.
    """
    try:
        records = read_records(body, "Salesforce leads")
    except AnswerShapeError as error:
        return RowResult(RowState.UNKNOWN, str(error))
    for record in records:
        survivor = write_id(record.get("MasterRecordId"))
        if survivor is not None and record.get("IsConverted") is not True:
            return RowResult(RowState.AGAIN, next_call=form_remains(settings, survivor))
    ids = [
        effect.external_id,
        *(record.get(name) for record in records for name in ("Id", "ConvertedContactId")),
    ]
    remains = sorted({record_id for record_id in map(write_id, ids) if record_id is not None})
    if not remains:
        return RowResult(RowState.GONE)
    return RowResult(RowState.AGAIN, next_call=form_delete(settings, remains))


def _read_deletions(results: list[Any]) -> RowResult:
    """Return what a deletion came to: done where nothing is left."""
    for result in results:
        if isinstance(result, dict) and result.get("success") is True:
            continue
        errors = (
            read_errors(result) if isinstance(result, dict) and "success" in result else read_errors([result])
        )
        if not errors:
            return RowResult(RowState.UNKNOWN)
        if errors[0].code not in ABSENT:
            return judge_error(errors[0])
    return RowResult(RowState.DONE)
