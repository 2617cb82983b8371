"""What salespeople did, as Salesforce has it: tasks, events and the history of leads."""

from typing import TYPE_CHECKING, Any

from leadops_sandbox.products.leads import Activity, list_reps, number_of
from leadops_sandbox.products.people import Change
from leadops_sandbox.products.salesforce.fields import STAMPS, SUBTYPES, Record, whole
from leadops_sandbox.products.salesforce.ids import API_USER, make_id

if TYPE_CHECKING:
    from leadops_sandbox.products.salesforce.face import Salesforce


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
