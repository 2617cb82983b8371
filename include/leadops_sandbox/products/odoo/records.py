"""The world as Odoo's models: what each record's fields hold."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from leadops_sandbox.ma.store import Lead
from leadops_sandbox.products.leads import Rep, list_reps, number_of
from leadops_sandbox.products.odoo.chatter import message_record, planned_record, tracking_record
from leadops_sandbox.products.odoo.fields import BORN, STAMPS, Record, write_stamp

if TYPE_CHECKING:
    from leadops_sandbox.products.odoo.face import Odoo


def list_records(face: "Odoo", model: str) -> Iterable[Record]:
    """Return every record of a model."""
    match model:
        case "crm.lead":
            return [lead_record(face, lead) for lead in face.leads.live()]
        case "res.users":
            return [api_user(face), *(user_record(rep) for rep in list_reps(face.world))]
        case "crm.stage":
            return [stage_record(*stage) for stage in list_stages(face)]
        case "crm.tag":
            tags = face.settings.tags.items()
            return [Record(int(number), {"id": int(number), "name": name}.get, BORN) for number, name in tags]
        case "mail.blacklist":
            return [entry_record(lead) for lead in face.leads.live() if lead.may_mail is not None]
        case "mail.message":
            return [message_record(activity) for activity in face.leads.activities() if activity.lead_id]
        case "mail.activity":
            return [
                planned_record(activity)
                for activity in face.leads.activities()
                if activity.lead_id and activity.details.get("next_meeting_at")
            ]
    return [
        tracking_record(face, activity) for activity in face.leads.activities() if activity.kind == "status"
    ]


def list_stages(face: "Odoo") -> list[tuple[int, str, str]]:
    """Return each stage: its number, its name, the status of the world."""
    words = [(status, word) for status, word in face.settings.statuses.items() if status != "lost"]
    return [(number, word, status) for number, (status, word) in enumerate(words, start=1)]


def stage_record(number: int, word: str, status: str) -> Record:
    """Return a stage."""
    values = {"id": number, "name": word, "sequence": number, "is_won": status == "won"}
    return Record(number, values.get, BORN)


def entry_record(lead: Lead) -> Record:
    """Return the entry of the blacklist for the address of a lead; one that was taken off is archived."""
    values = {"id": lead.id, "email": lead.email, "active": lead.may_mail is False}
    return Record(lead.id, values.get, BORN)


def lead_record(face: "Odoo", lead: Lead) -> Record:
    """Return a lead."""
    return Record(lead.id, lambda name: read_lead(face, lead, name), face.leads.people.modified[lead.id])


def read_lead(face: "Odoo", lead: Lead, name: str) -> Any:
    """Return a field of a lead; what is empty is False."""
    people, status = face.leads.people, face.leads.status(lead.id) or "new"
    match name:
        case "id":
            return lead.id
        case "create_date":
            return write_stamp(people.created[lead.id])
        case "write_date":
            return write_stamp(people.modified[lead.id])
        case "date_last_stage_update":
            changes = [change for change in people.history_of(lead.id) if change.field == "status"]
            return write_stamp(changes[-1].at if changes else people.created[lead.id])
        case "active":
            return status != "lost"
        case "stage_id":
            return find_stage(face, lead.id, status)
        case "user_id":
            owner = face.leads.owner(lead.id)
            names = {rep.id: f"{rep.first_name} {rep.last_name}".strip() for rep in list_reps(face.world)}
            return [number_of(owner), names.get(owner, owner)] if owner else False
        case "email_normalized":
            return lead.email.lower() or False
        case "tag_ids":
            return lead.fields.get(name) or []
        case "email_from":
            return lead.email or False
        case "type":
            return "lead"
        case "probability":
            return {"won": 100.0, "lost": 0.0}.get(status, 10.0)
        case face.settings.score_field:
            return int(lead.score)
    known = face.settings.fields.get(name)
    value = lead.fields.get((known.world if known else None) or name)
    if known is not None and known.type == "number":
        return value or 0
    return value or False


def find_stage(face: "Odoo", lead_id: int, status: str) -> list[Any]:
    """Return a lead's stage as a many2one; a lost lead keeps the one that it had."""
    if status == "lost":
        past = [c.after for c in face.leads.people.history_of(lead_id) if c.field == "status"]
        status = next((one for one in reversed(past) if one and one != "lost"), "new")
    stages = list_stages(face)
    return next(([number, word] for number, word, known in stages if known == status), [1, stages[0][1]])


def user_record(rep: Rep) -> Record:
    """Return a salesperson as a user: no region, no capacity, no hours."""
    values = {
        "id": rep.number,
        "name": f"{rep.first_name} {rep.last_name}".strip(),
        "login": rep.email,
        "email": rep.email,
        "active": True,
        "share": False,
        "tz": rep.zone,
        "lang": "en_US",
        **dict.fromkeys(STAMPS, write_stamp(BORN)),
    }
    return Record(rep.number, values.get, BORN)


def api_user(face: "Odoo") -> Record:
    """Return the user as whom leadops calls."""
    settings = face.settings
    return user_record(Rep("", settings.user_id, "LeadOps", "Integration", settings.login, "UTC"))
