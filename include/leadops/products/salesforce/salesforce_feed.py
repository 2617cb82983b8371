"""What happened with leads in Salesforce: tasks, events, changes of a status, merges and conversions.

Each object is read by (time of the last change, Id), deleted rows included. Rows that commit late carry older
times: the poll goes back by its overlap.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from leadops.errors import TransientError
from leadops.products.feed_cursor import FeedCursor
from leadops.products.feed_streams import Stream, StreamPage
from leadops.products.reading import Reading
from leadops.products.salesforce.salesforce_bodies import form_query, quote_text, write_moment
from leadops.products.salesforce.salesforce_ids import USER, write_id
from leadops.products.salesforce.salesforce_leads import find_absence, has_more, read_records
from leadops.products.salesforce.salesforce_settings import SalesforceSettings
from leadops.tabular.times import parse_iso_time

Record = Mapping[str, Any]
#: What tasks and events both have.
ACTIVITY = ("IsDeleted", "WhoId", "OwnerId", "CreatedDate")
#: leadops' word for each subtype of a task; another one is passed on.
SUBTYPES = {"call": "call", "email": "mail", "listemail": "mail", "task": "task"}


class FeedObject(NamedTuple):
    """An object that is read by time: its fields, which rows count, the field of the time, what rows say."""

    name: str
    fields: tuple[str, ...]
    condition: str
    stamp: str
    read: Callable[[Record], dict[str, Any] | None]


def list_streams(settings: SalesforceSettings) -> dict[str, Stream]:
    """Return the feed's objects by name, as `read_streams` takes them."""
    return {
        feed_object.name: partial(_read_object, settings, feed_object)
        for feed_object in (
            FeedObject(
                "Task",
                (*ACTIVITY, "TaskSubtype", "CompletedDateTime", *settings.activity_details),
                # What is still to be done is not a contact yet.
                "IsClosed = true AND WhoId != null",
                "SystemModstamp",
                partial(_read_task, settings),
            ),
            FeedObject(
                "Event",
                (*ACTIVITY, "StartDateTime", *settings.activity_details),
                "WhoId != null",
                "SystemModstamp",
                partial(_read_event, settings),
            ),
            FeedObject(
                "LeadHistory",
                ("LeadId", "NewValue", "CreatedById"),
                "Field = 'Status'",
                "CreatedDate",
                partial(_read_change, settings),
            ),
            FeedObject(
                "Lead",
                ("IsDeleted", "MasterRecordId", "IsConverted", "ConvertedContactId"),
                "(IsConverted = true OR MasterRecordId != null)",
                "SystemModstamp",
                _read_fate,
            ),
            FeedObject(
                "Contact",
                ("IsDeleted", "MasterRecordId"),
                "MasterRecordId != null",
                "SystemModstamp",
                _read_fate,
            ),
        )
    }


def _read_object(
    settings: SalesforceSettings, feed_object: FeedObject, place: FeedCursor | None, limit: int
) -> Reading[StreamPage]:
    stamp = feed_object.stamp
    answer = yield form_query(
        settings,
        feed_object.name,
        ("Id", stamp, *feed_object.fields),
        feed_object.condition,
        *form_after(stamp, place),
        order_by=(stamp, "Id"),
        limit=limit,
        deleted=True,
    )
    records = read_records(answer.body, f"Salesforce {feed_object.name}")
    items = [item for item in map(feed_object.read, records) if item is not None]
    reached = read_place(records[-1], stamp) if records else None
    return StreamPage(items, reached, not has_more(answer.body, limit), answer.server_time)


def form_after(stamp: str, place: FeedCursor | None) -> list[str]:
    """Return the condition for the rows after a place: from its time on where it has no id."""
    if place is None:
        return []
    moment, record_id = write_moment(place.moment), write_id(place.row_id)
    if record_id is None:
        return [f"{stamp} >= {moment}"]
    return [f"({stamp} > {moment} OR ({stamp} = {moment} AND Id > {quote_text(record_id)}))"]


def read_place(record: Record, stamp: str) -> FeedCursor:
    """Return the place of a row; raise TransientError where it lacks its time or its id."""
    record_id = write_id(record.get("Id"))
    try:
        moment = parse_iso_time(record.get(stamp))
    except ValueError:
        raise TransientError(f"Salesforce: a row has no {stamp}") from None
    if record_id is None:
        raise TransientError("Salesforce: a row has no id")
    return FeedCursor(moment.isoformat(), record_id)


def _read_task(settings: SalesforceSettings, record: Record) -> dict[str, Any]:
    subtype = str(record.get("TaskSubtype") or "task")
    return _form_activity(
        settings,
        record,
        kind=SUBTYPES.get(subtype.lower(), subtype.lower()),
        occurred_at=_find_earliest(record, "CompletedDateTime", "CreatedDate"),
    )


def _read_event(settings: SalesforceSettings, record: Record) -> dict[str, Any]:
    """Return a meeting: it counts from when it was agreed, or took place where it was noted later."""
    item = _form_activity(
        settings, record, kind="meeting", occurred_at=_find_earliest(record, "StartDateTime", "CreatedDate")
    )
    if not item.get("deleted") and record.get("StartDateTime"):
        item["details"] = {"starts_at": record["StartDateTime"]} | item["details"]
    return item


def _form_activity(
    settings: SalesforceSettings, record: Record, *, kind: str, occurred_at: str | None
) -> dict[str, Any]:
    if record.get("IsDeleted") is True:
        return {"id": record.get("Id"), "deleted": True}
    details = {
        key: record[field]
        for field, key in settings.activity_details.items()
        if record.get(field) is not None
    }
    return {
        "id": record.get("Id"),
        "lead_id": record.get("WhoId"),
        "kind": kind,
        "occurred_at": occurred_at,
        "rep_id": find_rep(record.get("OwnerId")),
        "details": details,
    }


def _read_change(settings: SalesforceSettings, record: Record) -> dict[str, Any] | None:
    """Return the change of a lead's status, in Salesforce's word."""
    status = record.get("NewValue")
    if not status:
        return None
    item = {
        "id": record.get("Id"),
        "lead_id": record.get("LeadId"),
        "kind": "status",
        "status": status,
        "occurred_at": record.get("CreatedDate"),
        "rep_id": find_rep(record.get("CreatedById")),
    }
    return item | ({"made_by": "leadops"} if status == settings.new_lead_status else {})


def _read_fate(record: Record) -> dict[str, Any] | None:
    """Return which record goes on for one that was merged or converted."""
    absence = find_absence(record)
    if absence is None or absence.merged_into is None:
        return None
    return {"kind": "merged", "lead_id": record.get("Id"), "into": absence.merged_into}


def find_rep(owner_id: Any) -> str | None:
    """Return the user of an owner; a queue owns nothing that somebody did."""
    record_id = write_id(owner_id)
    return record_id if record_id is not None and record_id.startswith(USER) else None


def _find_earliest(record: Record, *names: str) -> str | None:
    """Return the earliest of some times of a row, as Salesforce wrote it."""
    moments: list[tuple[datetime, str]] = []
    for name in names:
        try:
            moments.append((parse_iso_time(record.get(name)), str(record[name])))
        except (ValueError, KeyError):
            continue
    return min(moments)[1] if moments else None
