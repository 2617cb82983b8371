"""What Salesforce checks before it writes a lead or a contact."""

from typing import TYPE_CHECKING, Any, NamedTuple

from starlette.requests import Request

from leadops_sandbox.ma.store import Lead
from leadops_sandbox.products.face import strikes_row
from leadops_sandbox.products.leads import LeadChange, find_rep
from leadops_sandbox.products.salesforce.errors import RowError
from leadops_sandbox.products.salesforce.fields import FIELDS
from leadops_sandbox.products.salesforce.ids import API_USER, make_id, read_id

if TYPE_CHECKING:
    from leadops_sandbox.products.salesforce.face import Salesforce

Fields = dict[str, Any]


class Plan(NamedTuple):
    """A checked write: the lead, None for a new one, and what is set of it."""

    sobject: str
    lead: Lead | None
    change: LeadChange


def plan_update(face: "Salesforce", request: Request, record_id: object, fields: Fields) -> Plan:
    """Return the checked update of a lead or contact by id; raise RowError."""
    known = read_id(record_id)
    if known is None:
        raise RowError("MALFORMED_ID", f"Id: id value of incorrect type: {record_id}", "Id")
    strike(face, request, str(record_id))
    lead = face.world.ma.leads.get(known.number) if known.sobject in ("Lead", "Contact") else None
    if lead is None or (known.sobject == "Contact" and lead.id not in face.leads.people.converted):
        raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    return plan_change(face, request, known.sobject, lead, fields)


def plan_upsert(
    face: "Salesforce", request: Request, sobject: str, name: str, value: object, fields: Fields
) -> Plan:
    """Return the checked upsert by the external id `name`; raise RowError."""
    if value in (None, ""):
        raise RowError("MISSING_ARGUMENT", f"{name} not specified")
    strike(face, request, str(value))
    leads = [
        lead
        for lead in face.leads.find_unique(name, str(value))
        if sobject == "Lead" or lead.id in face.leads.people.converted
    ]
    if len(leads) > 1:
        ids = ", ".join(make_id(sobject, lead.id) for lead in leads)
        message = f"more than one record found for external id field: [{ids}]"
        raise RowError("DUPLICATE_EXTERNAL_ID", message)
    if leads:
        strike(face, request, make_id(sobject, leads[0].id))
        return plan_change(face, request, sobject, leads[0], fields)
    return plan_create(face, request, sobject, {name: value, **fields})


def plan_new(face: "Salesforce", request: Request, sobject: str, fields: Fields) -> Plan:
    """Return the checked creation that a call asks for without an upsert; raise RowError."""
    strike(face, request, str(fields.get(face.settings.id_field) or ""))
    return plan_create(face, request, sobject, fields)


def plan_create(face: "Salesforce", request: Request, sobject: str, fields: Fields) -> Plan:
    """Return the checked creation of a lead; raise RowError."""
    settings = face.settings
    if sobject != "Lead":
        raise RowError(
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"{sobject} records come from conversions here"
        )
    change = read_change(face, sobject, 0, fields)
    missing = [name for name in settings.required if not fields.get(name)]
    if missing:
        text = f"Required fields are missing: [{', '.join(missing)}]"
        raise RowError("REQUIRED_FIELD_MISSING", text, *missing)
    external = fields.get(settings.id_field)
    if external and (known := face.leads.find_unique(settings.id_field, str(external))):
        other = make_id(sobject, known[0].id)
        message = f"duplicate value found: {settings.id_field} duplicates value on record with id: {other}"
        raise RowError("DUPLICATE_VALUE", message)
    check_duplicates(face, request, str(fields.get("Email") or ""))
    return Plan(sobject, None, assign(face, request, change))


def plan_change(face: "Salesforce", request: Request, sobject: str, lead: Lead, fields: Fields) -> Plan:
    """Return the checked change of a lead or a contact; raise RowError."""
    if lead.absence:
        raise RowError("ENTITY_IS_DELETED", "entity is deleted")
    if sobject == "Lead" and lead.id in face.leads.people.converted:
        raise RowError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    change = read_change(face, sobject, lead.id, fields)
    return Plan(sobject, lead, assign(face, request, change) if sobject == "Lead" else change)


def strike(face: "Salesforce", request: Request, *names: str) -> None:
    """Raise the RowError of a fault that hits the row with one of these names."""
    if (kind := strikes_row(request, *names)) and kind in face.table.rows:
        fault = face.table.rows[kind]
        raise RowError(fault.code, fault.message, *fault.fields)


def assign(face: "Salesforce", request: Request, change: LeadChange) -> LeadChange:
    """Return `change` with the owner whom the assignment rule chooses, unless the caller turns rules off."""
    is_off = request.headers.get("sforce-auto-assign", "").lower() == "false"
    rep = face.settings.assignment_rep
    return change if is_off or rep is None else change._replace(owner_id=rep)


def check_duplicates(face: "Salesforce", request: Request, email: str) -> None:
    """Raise RowError where the duplicate rule finds another lead with the address."""
    rule = face.settings.duplicate_rule
    options = [
        option.strip().lower()
        for option in request.headers.get("sforce-duplicate-rule-header", "").split(",")
    ]
    if rule == "off" or not email or (rule == "alert" and "allowsave=true" in options):
        return
    if found := face.leads.find_unique("email", email):
        match = make_id("Lead", found[0].id)
        raise RowError("DUPLICATES_DETECTED", "Use one of these records?", match=match)


def read_change(face: "Salesforce", sobject: str, lead_id: int, fields: Fields) -> LeadChange:
    """Return what `fields` set; raise RowError for a field or a value that is not taken."""
    settings, values = face.settings, {}
    score: float | None = None
    status: str | None = None
    owner_id: str | None = None
    for name, value in fields.items():
        known = settings.fields.get(name)
        if name == "Status" and sobject == "Lead":
            status = face.status_of(str(value))
        elif name == "OwnerId":
            owner_id = read_owner(face, value)
        elif known is None and name not in FIELDS[sobject]:
            raise RowError("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject}")
        elif known is None or known.read_only:
            message = (
                f"Unable to create/update fields: {name}. Please check the security settings of this field "
                "and verify that it is read/write for your profile or permission set."
            )
            raise RowError("INVALID_FIELD_FOR_INSERT_UPDATE", message, name)
        else:
            if known.type != "boolean" or not isinstance(value, bool):
                check_value(name, value, is_number=known.type == "number", length=known.length)
            values[known.world or name] = value
            if name == settings.score_field:
                score = int(value) if value and value == int(value) else value or 0
    return LeadChange(lead_id, values, score=score, status=status, owner_id=owner_id)


def check_value(name: str, value: object, *, is_number: bool, length: int) -> None:
    """Raise RowError for a value of another type or one that is too long."""
    if value is None:
        return
    is_fine = isinstance(value, int | float) if is_number else isinstance(value, str)
    if not is_fine or isinstance(value, bool):
        raise RowError(
            "INVALID_TYPE_ON_FIELD_IN_RECORD", f"{name}: value not of required type: {value}", name
        )
    if isinstance(value, str) and len(value) > length:
        message = f"{name}: data value too large: {value} (max length={length})"
        raise RowError("STRING_TOO_LONG", message, name)


def read_owner(face: "Salesforce", value: object) -> str:
    """Return the salesperson of a user's id, empty for the user as whom leadops calls; raise RowError."""
    known = read_id(value)
    if known is not None and known == ("User", API_USER):
        return ""
    rep = find_rep(face.world, known.number) if known and known.sobject == "User" else None
    if rep is None:
        raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", "OwnerId")
    return rep.id


def write_plans(face: "Salesforce", plans: list[Plan]) -> list[tuple[str, bool]]:
    """Write `plans`; return each record's id and whether it is new."""
    face.leads.change([plan.change for plan in plans if plan.lead is not None])
    written = []
    for plan in plans:
        lead, change = plan.lead, plan.change
        if lead is None:
            lead = face.leads.create(
                change.fields,
                score=change.score,
                status=change.status,
                owner_id=change.owner_id or None,
                as_crm_lead=True,
            )
        written.append((make_id(plan.sobject, lead.id), plan.lead is None))
    return written
