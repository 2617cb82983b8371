"""The world as Salesforce's objects: what each record's fields hold."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from leadops_sandbox.ma.store import Lead
from leadops_sandbox.products.leads import Activity, Rep, list_reps, number_of
from leadops_sandbox.products.people import Change
from leadops_sandbox.products.salesforce.ids import API_USER, make_id

if TYPE_CHECKING:
    from leadops_sandbox.products.salesforce.face import Salesforce

STAMPS = ("CreatedDate", "LastModifiedDate", "SystemModstamp")
SYSTEM = ("Id", "IsDeleted", "CreatedById", "LastModifiedById", *STAMPS)
#: The fields of each object beside those of the settings, which leads and contacts have.
FIELDS: dict[str, tuple[str, ...]] = {
    "Lead": (
        *SYSTEM,
        *("Name", "Status", "OwnerId", "MasterRecordId", "IsConverted", "ConvertedDate"),
        *("ConvertedContactId", "ConvertedAccountId", "ConvertedOpportunityId"),
    ),
    "Contact": (*SYSTEM, "Name", "OwnerId", "AccountId", "MasterRecordId"),
    "User": (
        *("Id", "Username", "Name", "FirstName", "LastName", "Email", "IsActive", "UserType"),
        *("TimeZoneSidKey", "LanguageLocaleKey", "CreatedDate", "LastModifiedDate", "SystemModstamp"),
    ),
    "Task": (
        *SYSTEM,
        *("WhoId", "WhatId", "OwnerId", "Subject", "Status", "TaskSubtype", "ActivityDate"),
        *("IsClosed", "CompletedDateTime", "Description"),
    ),
    "Event": (
        *SYSTEM,
        *("WhoId", "WhatId", "OwnerId", "Subject", "StartDateTime", "EndDateTime", "ActivityDateTime"),
        "Description",
    ),
    "LeadHistory": (
        "Id",
        "LeadId",
        "Field",
        "OldValue",
        "NewValue",
        "CreatedById",
        "CreatedDate",
        "IsDeleted",
    ),
    "Organization": ("Id", "Name", "IsSandbox", "OrganizationType", "TimeZoneSidKey"),
}
#: Salesforce's subtype of a task for each kind of the world; a meeting is an Event.
SUBTYPES = {"call": "Call", "mail": "Email", "task": "Task"}
BORN = datetime(2024, 1, 1, tzinfo=UTC)


class Record(NamedTuple):
    """A record: how to read a field of it, and when it changed last."""

    id: str
    read: Callable[[str], Any]
    stamp: datetime
    is_deleted: bool = False


def field_names(face: "Salesforce", sobject: str) -> list[str]:
    """Return the fields of an object."""
    more = list(face.settings.fields) if sobject in ("Lead", "Contact") else []
    return [*FIELDS[sobject], *more]


def write_stamp(moment: datetime) -> str:
    """Return a time as Salesforce writes it; it keeps whole seconds only."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def whole(moment: datetime) -> datetime:
    """Return a time without what is below the second."""
    return moment.astimezone(UTC).replace(microsecond=0)


def show_value(value: Any) -> Any:
    """Return a field's value as JSON has it."""
    if isinstance(value, datetime):
        return write_stamp(value)
    return value.isoformat() if isinstance(value, date) else value


def list_records(face: "Salesforce", sobject: str, *, deleted: bool = False) -> Iterable[Record]:
    """Return every record of an object; those that were deleted or merged away only with `deleted`."""
    match sobject:
        case "Lead":
            records: Iterable[Record] = (lead_record(face, lead) for lead in face.world.ma.leads.values())
        case "Contact":
            leads = face.world.ma.leads
            records = (contact_record(face, leads[number]) for number in face.leads.people.converted)
        case "User":
            records = [api_user(), *(user_record(rep) for rep in list_reps(face.world))]
        case "Task" | "Event":
            records = (
                activity_record(face, activity)
                for activity in face.leads.activities()
                if (activity.kind in SUBTYPES if sobject == "Task" else activity.kind == "meeting")
            )
        case "LeadHistory":
            history = face.leads.people.history
            records = (record for change in history for record in history_records(face, change))
        case _:
            records = [organization()]
    return (record for record in records if deleted or not record.is_deleted)


def lead_record(face: "Salesforce", lead: Lead) -> Record:
    """Return a lead as a record of Lead."""
    modified = whole(face.leads.people.modified[lead.id])
    name = make_id("Lead", lead.id)
    return Record(name, lambda field: read_lead(face, lead, field), modified, bool(lead.absence))


def read_lead(face: "Salesforce", lead: Lead, name: str) -> Any:
    """Return a field of a lead."""
    people = face.leads.people
    converted = people.converted.get(lead.id)
    match name:
        case "Id":
            return make_id("Lead", lead.id)
        case "IsDeleted":
            return bool(lead.absence)
        case "MasterRecordId":
            return None if lead.merged_into is None else make_id("Lead", lead.merged_into)
        case "Status":
            return face.status_word(face.leads.status(lead.id) or "new")
        case "IsConverted":
            return converted is not None
        case "ConvertedDate":
            return None if converted is None else converted.date()
        case "ConvertedContactId" | "ConvertedAccountId" | "ConvertedOpportunityId":
            sobject = name.removeprefix("Converted").removesuffix("Id")
            return None if converted is None else make_id(sobject, lead.id)
    return read_person(face, lead, name)


def read_person(face: "Salesforce", lead: Lead, name: str) -> Any:
    """Return a field that leads and contacts both have."""
    people = face.leads.people
    match name:
        case "CreatedDate":
            return whole(people.created[lead.id])
        case "LastModifiedDate" | "SystemModstamp":
            return whole(people.modified[lead.id])
        case "CreatedById" | "LastModifiedById":
            return make_id("User", API_USER)
        case "OwnerId":
            owner = face.leads.owner(lead.id)
            return make_id("User", API_USER if owner is None else number_of(owner))
        case "Name":
            parts = (read_person(face, lead, "FirstName"), read_person(face, lead, "LastName"))
            return " ".join(filter(None, parts)) or None
        case "Email":
            return lead.email or None
        case face.settings.score_field:
            return float(lead.score) if name in lead.fields or lead.score else None
    known = face.settings.fields.get(name)
    value = lead.fields.get(known.world or name) if known else None
    return None if value == "" else value


def contact_record(face: "Salesforce", lead: Lead) -> Record:
    """Return the contact that a lead was converted to."""
    own: dict[str, Any] = {"Id": make_id("Contact", lead.id), "AccountId": make_id("Account", lead.id)}
    own |= {"IsDeleted": bool(lead.absence), "MasterRecordId": None}
    return Record(
        str(own["Id"]),
        lambda name: own[name] if name in own else read_person(face, lead, name),
        whole(face.leads.people.modified[lead.id]),
        bool(lead.absence),
    )


def user_record(rep: Rep) -> Record:
    """Return a salesperson as a user: no region, no capacity, no hours."""
    values = {
        "Id": make_id("User", rep.number),
        "Username": rep.email,
        "Name": f"{rep.first_name} {rep.last_name}".strip(),
        "FirstName": rep.first_name,
        "LastName": rep.last_name,
        "Email": rep.email,
        "IsActive": True,
        "UserType": "Standard",
        "TimeZoneSidKey": rep.zone,
        "LanguageLocaleKey": "en_US",
        **dict.fromkeys(STAMPS, BORN),
    }
    return Record(str(values["Id"]), values.get, BORN)


def api_user() -> Record:
    """Return the user as whom leadops calls."""
    rep = Rep("", API_USER, "LeadOps", "Integration", "leadops@acme.example", "UTC")
    return user_record(rep)


def organization() -> Record:
    """Return the company's one record."""
    values: dict[str, Any] = {"Id": make_id("Organization", 1), "Name": "Acme", "IsSandbox": False}
    values |= {"OrganizationType": "Enterprise Edition", "TimeZoneSidKey": "Asia/Tokyo"}
    return Record(str(values["Id"]), values.get, BORN)


def activity_record(face: "Salesforce", activity: Activity) -> Record:
    """Return an activity as a task, a meeting as an event."""
    sobject = "Event" if activity.kind == "meeting" else "Task"
    owner = API_USER if activity.rep_id is None else number_of(activity.rep_id)
    lead = face.world.ma.find_survivor(activity.lead_id) if activity.lead_id else None
    is_contact = lead is not None and lead.id in face.leads.people.converted
    entered, occurred = whole(activity.entered_at), whole(activity.occurred_at)
    values: dict[str, Any] = {
        "Id": make_id(sobject, activity.number),
        "IsDeleted": False,
        "WhoId": None if lead is None else make_id("Contact" if is_contact else "Lead", lead.id),
        "OwnerId": make_id("User", owner),
        "CreatedById": make_id("User", owner),
        "LastModifiedById": make_id("User", owner),
        "Subject": SUBTYPES.get(activity.kind, "Meeting"),
        "Status": "Completed",
        "TaskSubtype": SUBTYPES.get(activity.kind),
        "IsClosed": True,
        "ActivityDate": occurred.date(),
        "CompletedDateTime": occurred,
        "StartDateTime": occurred,
        "ActivityDateTime": occurred,
        "EndDateTime": occurred,
        "Description": activity.details.get("note"),
        **dict.fromkeys(STAMPS, entered),
    }
    return Record(str(values["Id"]), values.get, entered)


def history_records(face: "Salesforce", change: Change) -> list[Record]:
    """Return the rows of LeadHistory of a change; an owner gives two, one with names and one with ids."""
    by = API_USER
    owner = face.leads.owner(change.lead_id)
    if change.by == "person" and owner is not None:
        by = number_of(owner)
    pairs: list[tuple[Any, Any]] = [(face.status_word(change.before), face.status_word(change.after))]
    if change.field == "owner_id":
        names = {rep.id: f"{rep.first_name} {rep.last_name}".strip() for rep in list_reps(face.world)}
        pair = (change.before, change.after)
        pairs = [
            tuple(names.get(rep or "", "LeadOps Integration") for rep in pair),  # type: ignore[list-item]
            tuple(make_id("User", number_of(rep) if rep else API_USER) for rep in pair),  # type: ignore[list-item]
        ]
    return [
        _history(change, 2 * change.number + place, before, after, by)
        for place, (before, after) in enumerate(pairs)
    ]


def _history(change: Change, number: int, before: Any, after: Any, by: int) -> Record:
    name = "Owner" if change.field == "owner_id" else "Status"
    if name == "Status" and before is None:
        name, after = "created", None
    values = {
        "Id": make_id("LeadHistory", number),
        "LeadId": make_id("Lead", change.lead_id),
        "Field": name,
        "OldValue": before,
        "NewValue": after,
        "CreatedById": make_id("User", by),
        "CreatedDate": whole(change.at),
        "IsDeleted": False,
    }
    return Record(str(values["Id"]), values.get, whole(change.at))
