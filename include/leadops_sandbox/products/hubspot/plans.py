"""What becomes of the inputs of a batch: which contact each one means, and what is set of it."""

from typing import TYPE_CHECKING, Any

from leadops_sandbox.ma.store import Lead
from leadops_sandbox.products.hubspot.errors import RowError, missing_objects, refuse_call
from leadops_sandbox.products.hubspot.properties import check_properties, read_change
from leadops_sandbox.products.leads import LeadChange

if TYPE_CHECKING:
    from leadops_sandbox.products.hubspot.face import HubSpot

Input = dict[str, Any]
#: What becomes of one input: the contact and its change; None where HubSpot says nothing about the input.
Plan = tuple[Lead | None, LeadChange] | None


def write_plans(face: "HubSpot", planned: list[tuple[Input, Plan]]) -> list[tuple[Input, Lead, bool]]:
    """Write every plan; return each input with its contact and whether that is new."""
    written: list[tuple[Input, Lead, bool]] = []
    changes: list[LeadChange] = []
    for entry, plan in planned:
        if plan is None:
            continue
        lead, change = plan
        if lead is None:
            made = face.leads.create(
                change.fields, score=change.score, status=change.status, owner_id=change.owner_id
            )
            written.append((entry, made, True))
        else:
            changes.append(change)
            written.append((entry, lead, False))
    face.leads.change(changes)
    return written


def plan_update(face: "HubSpot", entry: Input) -> Plan:
    """Plan one input of an update; None for one that HubSpot leaves out without a word."""
    lead = find_input(face, entry)
    if lead is None:
        text = str(entry.get("id"))
        known = face.world.ma.leads.get(int(text)) if text.isdecimal() else None
        if known is not None and known.absence == "merged":
            survivor = face.world.ma.find_survivor(known.id)
            if face.settings.merged_update == "survivor" and survivor and not survivor.absence:
                return survivor, read_change(face, survivor, entry.get("properties") or {})
            return None
        if not text.isdecimal() and not entry.get("idProperty"):
            return None  # an address in place of an id: "success", and nothing changes
        raise missing_objects([text])
    return lead, read_change(face, lead, entry.get("properties") or {})


def plan_upsert(face: "HubSpot", entry: Input) -> Plan:
    """Plan one input of an upsert by a unique property."""
    name, properties = entry["idProperty"], dict(entry.get("properties") or {})
    lead = find_input(face, entry)
    if lead is None:
        return plan_create(face, {"properties": {name: entry.get("id"), **properties}})
    if name == "email" and face.settings.email_upsert == "refused":
        writable = {field for field, known in face.settings.fields.items() if not known.read_only}
        if not writable <= set(properties):
            message = "Partial upserts are not supported when using email as the idProperty"
            raise RowError("VALIDATION_ERROR", message)
    return lead, read_change(face, lead, properties)


def plan_create(face: "HubSpot", entry: Input) -> Plan:
    """Plan a new contact."""
    properties = entry.get("properties") or {}
    check_properties(face, properties)
    if conflict := describe_conflict(face, entry):
        raise RowError("CONFLICT", conflict)
    return None, read_change(face, Lead(0, ""), properties)


def find_input(face: "HubSpot", entry: Input) -> Lead | None:
    """Return the contact that an input names, by record id or by its idProperty."""
    if not (name := entry.get("idProperty")):
        return face.leads.find(entry.get("id"))
    found = face.leads.find_unique(name, str(entry.get("id")))
    return found[0] if found else None


def check_id_property(face: "HubSpot", inputs: list[Input]) -> None:
    """Raise VendorError 400 for the whole batch where an input's idProperty is not a unique property."""
    for name in {entry["idProperty"] for entry in inputs if entry.get("idProperty")}:
        known = face.settings.fields.get(name)
        if known is None or not known.unique:
            raise refuse_call(
                face, 400, f"Unable to perform update/upsert by non-unique 0-1 property: {name}"
            )


def check_conflict(face: "HubSpot", entry: Input) -> None:
    """Raise VendorError 409 where a contact has the input's email already."""
    if message := describe_conflict(face, entry):
        raise refuse_call(face, 409, message, category="CONFLICT")


def describe_conflict(face: "HubSpot", entry: Input) -> str:
    """Return HubSpot's words for a contact that has the input's email already; empty if none has."""
    email = str((entry.get("properties") or {}).get("email") or "")
    found = face.leads.find_unique("email", email) if email else []
    return f"Contact already exists. Existing ID: {found[0].id}" if found else ""


def find_merged(face: "HubSpot", entry: Input) -> Lead | None:
    """Return the contact that survives the merge of the one that `entry` names."""
    text = str(entry.get("id"))
    survivor = face.world.ma.find_survivor(int(text)) if text.isdecimal() else None
    return None if survivor is None or survivor.absence else survivor
