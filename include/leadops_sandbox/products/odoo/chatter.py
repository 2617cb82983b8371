"""What salespeople did, as Odoo has it: messages below a lead, and what they track."""

from typing import TYPE_CHECKING, Any

from leadops_sandbox.products.leads import Activity, number_of
from leadops_sandbox.products.odoo.fields import (
    ACTIVITY_TYPES,
    STAMPS,
    SUBTYPES,
    Record,
    write_stamp,
)

if TYPE_CHECKING:
    from leadops_sandbox.products.odoo.face import Odoo


def message_record(activity: Activity) -> Record:
    """Return what a done activity, or a change of the stage, leaves in a lead's chatter."""
    kind = ACTIVITY_TYPES.get(activity.kind)
    stamp = write_stamp(activity.entered_at)
    values: dict[str, Any] = {
        "id": activity.number,
        "model": "crm.lead",
        "res_id": activity.lead_id,
        "date": write_stamp(activity.entered_at if activity.kind == "status" else activity.occurred_at),
        "subject": False,
        "message_type": "comment" if activity.kind == "note" else "notification",
        "subtype_id": list(find_subtype(activity)),
        "mail_activity_type_id": list(kind) if kind else False,
        "create_uid": [number_of(activity.rep_id), activity.rep_id] if activity.rep_id else False,
        "tracking_value_ids": [activity.number] if activity.kind == "status" else [],
        **dict.fromkeys(STAMPS, stamp),
    }
    return Record(activity.number, values.get, activity.entered_at)


def find_subtype(activity: Activity) -> tuple[int, str]:
    """Return what a message is about."""
    if activity.kind == "status":
        return SUBTYPES.get(activity.status or "", SUBTYPES["stage"])
    return SUBTYPES["note" if activity.kind == "note" else "activity"]


def planned_record(activity: Activity) -> Record:
    """Return the next meeting that a salesperson planned when they did something."""
    stamp = write_stamp(activity.entered_at)
    values: dict[str, Any] = {
        "id": activity.number,
        "res_model": "crm.lead",
        "res_id": activity.lead_id,
        "activity_type_id": list(ACTIVITY_TYPES["meeting"]),
        "user_id": [number_of(activity.rep_id), activity.rep_id] if activity.rep_id else False,
        "date_deadline": str(activity.details["next_meeting_at"])[:10],
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
