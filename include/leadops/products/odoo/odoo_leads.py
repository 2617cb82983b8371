"""What leadops writes of leads into Odoo, and what the answers say."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from leadops.clients.answer_values import read_id
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.mask import mask_text
from leadops.products.odoo.odoo_calls import OdooCalls, take_result
from leadops.products.odoo.odoo_errors import find_row_faults, is_passing
from leadops.products.odoo.odoo_settings import OdooSettings
from leadops.products.product_rows import (
    Call,
    EffectRow,
    NothingToSendError,
    RowResult,
    RowState,
    TotalRow,
    UnsupportedCallError,
)

MODEL = "crm.lead"
#: The module of the external ids that leadops gives.
MODULE = "leadops"
GONE = RowResult(RowState.GONE, "the lead is gone", LeadAbsence(AbsenceWord.NOT_FOUND))
OTHER_ROW_AT_FAULT = "another row of the call is at fault, and Odoo takes all rows or none"


def name_record(values: Mapping[str, Any]) -> str:
    """Return the external id of the lead of an address: the first who sends it makes it, others find it.

    It is made of the address alone, so that Odoo as MA and Odoo as CRM have one record of a person. A later
    cycle of the same person is an opportunity of its own.
    """
    address = str(values["email"]).strip().lower()
    digest = hashlib.sha256(address.encode()).hexdigest()[:40]
    cycle = str(values.get("idempotency_key") or "").rsplit("-", 1)[-1]
    later = f"_{cycle}" if cycle.isdecimal() and int(cycle) > 1 else ""
    return f"{MODULE}.lead_{digest}{later}"


def make_load_call(calls: OdooCalls, settings: OdooSettings, values: Mapping[str, Any]) -> Call:
    """Return the call that makes the lead of an address, or finds it.

    All values are defaults, so that nothing which a salesperson has changed since is written again; a lead
    that was archived meanwhile stays so. Nobody owns a new lead, in place of the user of leadops.
    """
    context = {f"default_{name}": value for name, value in find_values(settings, values).items()}
    return calls.call(
        MODEL,
        "load",
        fields=["id"],
        data=[[name_record(values)]],
        context={"default_user_id": False} | context,
    )


def find_values(settings: OdooSettings, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a new lead: its title, its address, and the facts that products.yaml names."""
    name = " ".join(str(values[part]) for part in ("firstName", "lastName") if values.get(part))
    address = str(values["email"])
    found: dict[str, Any] = {"name": name or str(values.get("company") or address), "email_from": address}
    if name:
        found["contact_name"] = name
    return found | find_facts(settings, values)


def find_facts(settings: OdooSettings, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the facts that products.yaml names; what it does not name is not sent."""
    utm = values.get("utm")
    facts = dict(values) | (
        {f"utm_{key}": fact for key, fact in utm.items()} if isinstance(utm, dict) else {}
    )
    return {
        field: facts[fact]
        for fact, field in settings.facts.items()
        if field is not None and facts.get(fact) is not None
    }


def read_loaded(body: Any) -> RowResult:
    """Return what the answer to `make_load_call` says: the id of the lead, or why there is none."""
    result = take_result(body)
    ids = result.get("ids") if isinstance(result, dict) else None
    if isinstance(ids, list) and len(ids) == 1:
        return RowResult(RowState.DONE, external_id=read_id(ids[0]))
    if ids is not False:
        return RowResult(RowState.UNKNOWN)
    (result,) = read_row_results(result, [0]).values()
    return result if isinstance(result, RowResult) else RowResult(RowState.UNKNOWN)


def make_scores_call(calls: OdooCalls, settings: OdooSettings, rows: Sequence[TotalRow]) -> Call:
    """Return the call that sets the totals of `rows`, all of them or none."""
    fields = [".id", settings.fields.score]
    if settings.fields.seq is not None:
        fields.append(settings.fields.seq)
    data = [[row.external_id, str(row.points), str(row.seq)][: len(fields)] for row in rows]
    return calls.call(MODEL, "load", fields=fields, data=data)


def read_scores_answer(body: Any, rows: Sequence[TotalRow]) -> dict[int, RowResult]:
    """Return what became of each of `rows`, by lead_id: all are done, or none is and the faults are named."""
    result = take_result(body)
    ids = result.get("ids") if isinstance(result, dict) else None
    if ids is False:
        by_place = read_row_results(result, range(len(rows)))
        return {row.lead_id: by_place[place] for place, row in enumerate(rows)}
    if not isinstance(ids, list) or [str(found) for found in ids] != [row.external_id for row in rows]:
        return {}
    return {row.lead_id: RowResult(RowState.DONE) for row in rows}


def read_row_results(result: Mapping[str, Any], places: Sequence[int]) -> dict[int, RowResult]:
    """Return what became of each row of a `load` that wrote nothing."""
    faults = find_row_faults(result.get("messages"))
    if not faults:
        return dict.fromkeys(places, RowResult(RowState.UNKNOWN, "Odoo wrote nothing and names no row"))
    others = RowResult(RowState.AGAIN, OTHER_ROW_AT_FAULT)
    return {place: _read_faults(faults[place]) if place in faults else others for place in places}


def _read_faults(faults: Sequence[Mapping[str, Any]]) -> RowResult:
    if any(fault.get("field") == ".id" for fault in faults):
        return GONE
    text = str(faults[0].get("message") or "")
    state = (
        RowState.AGAIN if any(is_passing(str(fault.get("message"))) for fault in faults) else RowState.DEAD
    )
    return RowResult(state, mask_text(text, longest=200))


def make_fields_call(calls: OdooCalls, settings: OdooSettings, effect: EffectRow) -> Call:
    """Return the call that sets facts of a lead; NothingToSendError where none of them has a field."""
    given = effect.values.get("fields")
    facts = find_facts(settings, given if isinstance(given, dict) else {})
    if not facts:
        raise NothingToSendError("odoo.facts of products.yaml names a field for none of these facts")
    return calls.call(MODEL, "write", ids=[read_number(effect)], vals=facts)


def make_owner_call(calls: OdooCalls, effect: EffectRow) -> Call:
    """Return the call that gives a lead to a user."""
    owner = str(effect.values.get("owner_id") or "")
    if owner and not (owner.isascii() and owner.isdecimal()):
        raise UnsupportedCallError("an owner in Odoo is the number of a user")
    return calls.call(
        MODEL, "write", ids=[read_number(effect)], vals={"user_id": int(owner) if owner else False}
    )


def read_number(effect: EffectRow) -> int:
    """Return Odoo's id of the lead of an effect; raise UnsupportedCallError if it is not a number."""
    text = effect.external_id or ""
    if not (text.isascii() and text.isdecimal()):
        raise UnsupportedCallError("a lead in Odoo has a number as its id")
    return int(text)
