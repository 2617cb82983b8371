"""Marketo's leads as they are read: by a filter, with the fields that the caller names."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from leadops_sandbox.ma.store import Lead
from leadops_sandbox.products.marketo.answers import answer_call, refuse_call

if TYPE_CHECKING:
    from leadops_sandbox.products.marketo.face import Marketo

DEFAULTS = ("id", "firstName", "lastName", "email", "updatedAt", "createdAt")
Row = dict[str, Any]


def find_leads(face: "Marketo", query: dict[str, str]) -> Response:
    """Answer the leads that match a filter; what matches nothing is not in the result."""
    kind = query.get("filterType")
    values = [value.strip() for value in query.get("filterValues", "").split(",") if value.strip()]
    names = read_names(query.get("fields"))
    settings = face.settings
    if not kind or not values:
        raise refuse_call(face, "1002", "Missing value for required parameter 'filterValues'")
    if kind != "id" and not (kind in settings.fields and settings.fields[kind].unique):
        raise refuse_call(face, "1003", f"Invalid filter type '{kind}'")
    if len(values) > settings.filter_limit:
        raise refuse_call(face, "1003", f"Too many values; at most {settings.filter_limit}")
    for name in names:
        if name not in settings.fields:
            raise refuse_call(face, "1006", f"Field '{name}' not found")
    found: dict[int, Lead] = {}
    for value in values:
        lead = face.leads.find(value) if kind == "id" else None
        for match in [lead] if lead else [] if kind == "id" else face.leads.find_unique(kind, value):
            found[match.id] = match
    if len(found) > settings.match_limit:
        raise refuse_call(face, "1003", "Too many results match the filter")
    return answer_call(face, [show_lead(face, lead, names) for lead in found.values()])


def read_names(text: str | None) -> list[str]:
    """Return the fields that a call asks for, else the ones shown by default."""
    names = [name for name in (text or "").split(",") if name]
    return list(dict.fromkeys(["id", *names])) if names else list(DEFAULTS)


def show_lead(face: "Marketo", lead: Lead, names: list[str]) -> Row:
    """Return a lead as Marketo shows it; values have their types, nothing is null where it has one."""
    return {name: read_field(face, lead, name) for name in names}


def read_field(face: "Marketo", lead: Lead, name: str) -> Any:
    """Return a field of a lead."""
    people = face.leads.people
    match name:
        case "id":
            return lead.id
        case "email":
            return lead.email or None
        case "createdAt":
            return write_stamp(people.created[lead.id])
        case "updatedAt":
            return write_stamp(people.modified[lead.id])
        case face.settings.score_field:
            return lead.score if name in lead.fields or lead.score else None
    known = face.settings.fields.get(name)
    return lead.fields.get(known.world or name) if known else None


def write_stamp(moment: datetime) -> str:
    """Return a time as Marketo writes it, in whole seconds of UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
