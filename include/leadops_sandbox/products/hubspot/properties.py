"""A contact's properties: what is shown of a lead, and which values can be written."""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from leadops_sandbox.ma.store import Lead
from leadops_sandbox.products.hubspot.errors import RowError, invalid_value
from leadops_sandbox.products.leads import LeadChange, find_rep, number_of
from leadops_sandbox.products.people import Change

if TYPE_CHECKING:
    from leadops_sandbox.products.hubspot.face import HubSpot

#: What a read returns where the caller names no properties.
DEFAULTS = ("createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname")
NUMBER = re.compile(r"-?\d+(\.\d+)?")


def write_stamp(moment: datetime) -> str:
    """Return a time as HubSpot writes it, in milliseconds of UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def write_number(value: float) -> str:
    """Return a number as text, without a fraction where it has none."""
    return str(int(value)) if value == int(value) else str(value)


def read_property(face: "HubSpot", lead: Lead, name: str) -> str | None:
    """Return a contact's property as text; None where it has no value."""
    people, leads = face.leads.people, face.leads
    match name:
        case "hs_object_id":
            return str(lead.id)
        case "email":
            return lead.email or None
        case "hs_email_optout":
            return None if lead.may_mail is None else str(not lead.may_mail).lower()
        case "createdate":
            return write_stamp(people.created[lead.id])
        case "lastmodifieddate" | "hs_lastmodifieddate":
            return write_stamp(people.modified[lead.id])
        case "hs_merged_object_ids":
            return ";".join(map(str, people.merged.get(lead.id, []))) or None
        case "hubspot_owner_id":
            owner = leads.owner(lead.id)
            return None if owner is None else str(number_of(owner))
        case "hs_lead_status":
            return face.status_word(leads.status(lead.id))
        case "lifecyclestage":
            return "customer" if leads.status(lead.id) == "won" else lead.fields.get(name, "lead")
        case face.settings.score_field:
            # A property that was never written is empty, not 0.
            return write_number(lead.score) if name in lead.fields or lead.score else None
    value = lead.fields.get(name)
    return None if value in (None, "") else str(value)


def read_change(face: "HubSpot", lead: Lead, properties: dict[str, Any]) -> LeadChange:
    """Return what `properties` set of a contact; raise RowError for one that cannot be set."""
    fields: dict[str, Any] = {}
    score: float | None = None
    status: str | None = None
    owner_id: str | None = None
    for name, value in check_properties(face, properties).items():
        if name == "hs_lead_status":
            status = face.status_of(value) if value else None
        elif name == "hubspot_owner_id":
            owner_id = find_owner(face, value)
        else:
            fields[name] = value
            if name == face.settings.score_field:
                score = float(value) if value else 0.0
    if score is not None and score == int(score):
        score = int(score)
    return LeadChange(lead.id, fields, score=score, status=status, owner_id=owner_id)


def check_properties(face: "HubSpot", properties: dict[str, Any]) -> dict[str, str]:
    """Return `properties` as texts; raise RowError for the first one that HubSpot does not take."""
    checked: dict[str, str] = {}
    for name, value in properties.items():
        known = face.settings.fields.get(name)
        if known is None:
            raise invalid_value(name, f'Property "{name}" does not exist', "PROPERTY_DOESNT_EXIST")
        if known.read_only:
            message = f'"{name}" is a read only property; its value cannot be set.'
            raise invalid_value(name, message, "READ_ONLY_VALUE")
        text = read_text(face, name, value)
        if text and known.type == "number" and not NUMBER.fullmatch(text):
            raise invalid_value(name, f"{text} was not a valid number.", "INVALID_DOUBLE")
        if text and known.type == "enumeration" and text not in known.options:
            message = f"{text} was not one of the allowed options: {known.options}"
            raise invalid_value(name, message, "INVALID_OPTION")
        if text and name == "email" and text.count("@") != 1:
            raise invalid_value(name, f"Email address {text} is invalid", "INVALID_EMAIL")
        if text and known.type == "owner":
            find_owner(face, text)
        checked[name] = text.lower() if name == "email" else text
    return checked


def read_text(face: "HubSpot", name: str, value: Any) -> str:
    """Return a property's value as text; null is an empty one."""
    if value is None:
        return ""
    if isinstance(value, bool) and face.settings.takes_scalars:
        return str(value).lower()
    if isinstance(value, int | float) and face.settings.takes_scalars:
        return write_number(value)
    if not isinstance(value, str):
        raise RowError("VALIDATION_ERROR", f"Invalid input JSON: the value of {name} must be a string")
    return value.strip()


def find_owner(face: "HubSpot", value: str) -> str:
    """Return the salesperson whom `value` names, empty for nobody; raise RowError when it is not an owner."""
    if not value:
        return ""
    rep = find_rep(face.world, int(value)) if value.isdecimal() else None
    if rep is None:
        raise invalid_value("hubspot_owner_id", f"Owner {value} does not exist", "INVALID_OWNER")
    return rep.id


def show_contact(
    face: "HubSpot", lead: Lead, *, names: list[str], with_history: list[str] | None = None
) -> dict[str, Any]:
    """Return a contact as reads and writes show it, with the properties `names`."""
    people = face.leads.people
    wanted = dict.fromkeys([*names, "createdate", "hs_object_id", "lastmodifieddate"])
    shown: dict[str, Any] = {
        "id": str(lead.id),
        "properties": {name: read_property(face, lead, name) for name in wanted},
        "createdAt": write_stamp(people.created[lead.id]),
        "updatedAt": write_stamp(people.modified[lead.id]),
        "archived": False,
    }
    if with_history:
        shown["propertiesWithHistory"] = {name: show_history(face, lead, name) for name in with_history}
    return shown


def show_history(face: "HubSpot", lead: Lead, name: str) -> list[dict[str, Any]]:
    """Return the values that a property had, newest first; only status, stage and owner have a past."""
    changes = face.leads.people.history_of(lead.id)
    entries = []
    for change in reversed(changes):
        if (value := value_after(face, change, name)) is not None:
            person = change.by == "person"
            source = {"sourceType": "CRM_UI" if person else "INTEGRATION", "sourceId": change.by}
            entries.append({"value": value, "timestamp": write_stamp(change.at), **source})
    if not entries and (now := read_property(face, lead, name)) is not None:
        stamp = write_stamp(face.leads.people.created[lead.id])
        entries.append({"value": now, "timestamp": stamp, "sourceType": "INTEGRATION", "sourceId": "api"})
    return entries


def value_after(face: "HubSpot", change: Change, name: str) -> str | None:
    """Return the value that `change` gave the property `name`; None where it did not touch it."""
    if name == "hs_lead_status" and change.field == "status":
        return face.status_word(change.after)
    if name == "lifecyclestage" and change.field == "status":
        return "customer" if change.after == "won" else "lead"
    if name == "hubspot_owner_id" and change.field == "owner_id":
        return str(number_of(change.after)) if change.after else ""
    return None
