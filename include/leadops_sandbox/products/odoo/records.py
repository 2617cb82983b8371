"""The world as Odoo's models: what each record's fields hold."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from leadops_sandbox.ma.store import Lead
from leadops_sandbox.products.leads import Activity, Rep, list_reps, number_of

if TYPE_CHECKING:
    from leadops_sandbox.products.odoo.face import Odoo

STAMPS = ("create_date", "write_date")
#: The fields of each model beside those of the settings, which leads have.
FIELDS: dict[str, dict[str, str]] = {
    "crm.lead": {
        "id": "integer",
        "type": "selection",
        "create_date": "datetime",
        "write_date": "datetime",
        "date_closed": "datetime",
        "probability": "float",
        "display_name": "char",
    },
    "res.users": {
        "id": "integer",
        "name": "char",
        "login": "char",
        "email": "char",
        "active": "boolean",
        "tz": "selection",
        "lang": "selection",
        "create_date": "datetime",
        "write_date": "datetime",
    },
    "crm.stage": {"id": "integer", "name": "char", "sequence": "integer", "is_won": "boolean"},
    "mail.message": {
        "id": "integer",
        "model": "char",
        "res_id": "integer",
        "date": "datetime",
        "subject": "char",
        "message_type": "selection",
        "mail_activity_type_id": "many2one",
        "create_uid": "many2one",
        "tracking_value_ids": "one2many",
        "create_date": "datetime",
        "write_date": "datetime",
    },
    "mail.tracking.value": {
        "id": "integer",
        "mail_message_id": "many2one",
        "field_desc": "char",
        "old_value_char": "char",
        "new_value_char": "char",
        "create_date": "datetime",
        "write_date": "datetime",
    },
}
#: Odoo's kinds of activities for those of the world; a done activity leaves a message with its kind.
ACTIVITY_TYPES = {"mail": (1, "Email"), "call": (2, "Call"), "meeting": (3, "Meeting"), "task": (4, "To Do")}
BORN = datetime(2024, 1, 1, tzinfo=UTC)


class Record(NamedTuple):
    """A record: how to read a field of it, and when it changed last."""

    id: int
    read: Callable[[str], Any]
    stamp: datetime


def write_stamp(moment: datetime) -> str:
    """Return a time as Odoo writes it: UTC without saying so, in whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def field_types(face: "Odoo", model: str) -> dict[str, str]:
    """Return the fields of a model with their types."""
    own = dict(FIELDS[model])
    if model == "crm.lead":
        words = {"number": "integer", "string": "char", "owner": "many2one"}
        own |= {name: words.get(known.type, known.type) for name, known in face.settings.fields.items()}
    return own


def list_records(face: "Odoo", model: str) -> Iterable[Record]:
    """Return every record of a model."""
    match model:
        case "crm.lead":
            return [lead_record(face, lead) for lead in face.leads.live()]
        case "res.users":
            return [api_user(face), *(user_record(rep) for rep in list_reps(face.world))]
        case "crm.stage":
            return [stage_record(*stage) for stage in list_stages(face)]
        case "mail.message":
            return [message_record(activity) for activity in face.leads.activities() if activity.lead_id]
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
        case "active":
            return status != "lost"
        case "stage_id":
            return find_stage(face, lead.id, status)
        case "user_id":
            owner = face.leads.owner(lead.id)
            names = {rep.id: f"{rep.first_name} {rep.last_name}".strip() for rep in list_reps(face.world)}
            return [number_of(owner), names.get(owner, owner)] if owner else False
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
        "tz": rep.zone,
        "lang": "en_US",
        **dict.fromkeys(STAMPS, write_stamp(BORN)),
    }
    return Record(rep.number, values.get, BORN)


def api_user(face: "Odoo") -> Record:
    """Return the user as whom leadops calls."""
    settings = face.settings
    return user_record(Rep("", settings.user_id, "LeadOps", "Integration", settings.login, "UTC"))


def message_record(activity: Activity) -> Record:
    """Return what a done activity, or a change of the stage, leaves in a lead's chatter."""
    kind = ACTIVITY_TYPES.get(activity.kind)
    stamp = write_stamp(activity.entered_at)
    values: dict[str, Any] = {
        "id": activity.number,
        "model": "crm.lead",
        "res_id": activity.lead_id,
        "date": write_stamp(activity.occurred_at),
        "subject": False,
        "message_type": "notification",
        "mail_activity_type_id": list(kind) if kind else False,
        "create_uid": [number_of(activity.rep_id), activity.rep_id] if activity.rep_id else False,
        "tracking_value_ids": [activity.number] if activity.kind == "status" else [],
        **dict.fromkeys(STAMPS, stamp),
    }
    return Record(activity.number, values.get, activity.entered_at)


def tracking_record(face: "Odoo", activity: Activity) -> Record:
    """Return the change of a stage that a message tracks."""
    earlier = "new"
    for other in face.leads.activities()[: activity.number - 1]:
        if other.kind == "status" and other.lead_id == activity.lead_id:
            earlier = other.status or earlier
    values: dict[str, Any] = {
        "id": activity.number,
        "mail_message_id": [activity.number, False],
        "field_desc": "Stage",
        "old_value_char": face.status_word(earlier),
        "new_value_char": face.status_word(activity.status),
        **dict.fromkeys(STAMPS, write_stamp(activity.entered_at)),
    }
    return Record(activity.number, values.get, activity.entered_at)
