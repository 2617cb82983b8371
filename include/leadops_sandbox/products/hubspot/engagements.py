"""Activities as HubSpot's engagements: calls, meetings, emails and tasks are objects of their own."""

from typing import Any

from leadops_sandbox.products.hubspot.properties import write_stamp
from leadops_sandbox.products.leads import Activity, number_of

#: HubSpot's object for each kind of the world; a status is a property of the contact, not an engagement.
KINDS = {"calls": "call", "meetings": "meeting", "emails": "mail", "tasks": "task"}
TITLES = {"call": "hs_call_title", "meeting": "hs_meeting_title", "mail": "hs_email_subject"}
#: Ids of engagements begin here, so that nobody takes them for contacts.
FIRST_ID = 9_000_000_000


def engagement_id(activity: Activity) -> int:
    """Return the id of the engagement that `activity` is."""
    return FIRST_ID + activity.number


def activity_number(engagement: str) -> int | None:
    """Return the number of the activity that an engagement's id stands for."""
    return int(engagement) - FIRST_ID if engagement.isdecimal() and int(engagement) > FIRST_ID else None


def read_engagement(activity: Activity, name: str) -> str | None:
    """Return an engagement's property as text; None where it has no value."""
    match name:
        case "hs_object_id":
            return str(engagement_id(activity))
        case "hs_timestamp":
            return write_stamp(activity.occurred_at)
        case "hs_createdate" | "hs_lastmodifieddate":
            return write_stamp(activity.entered_at)
        case "hubspot_owner_id":
            return None if activity.rep_id is None else str(number_of(activity.rep_id))
        case "hs_email_direction":
            return "EMAIL" if activity.kind == "mail" else None
        case "hs_call_disposition" | "hs_meeting_outcome" | "hs_call_status" | "hs_task_status":
            return "COMPLETED"
    if name == TITLES.get(activity.kind, "hs_task_subject"):
        return f"{activity.kind} {activity.number}"
    value = activity.details.get(name)
    return None if value is None else str(value)


def show_engagement(activity: Activity, *, names: list[str]) -> dict[str, Any]:
    """Return an engagement as search shows it."""
    stamp = write_stamp(activity.entered_at)
    wanted = dict.fromkeys([*names, "hs_createdate", "hs_lastmodifieddate", "hs_object_id"])
    return {
        "id": str(engagement_id(activity)),
        "properties": {name: read_engagement(activity, name) for name in wanted},
        "createdAt": stamp,
        "updatedAt": stamp,
        "archived": False,
    }
