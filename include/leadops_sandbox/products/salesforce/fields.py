"""The fields of Salesforce's objects, and how their values are written."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

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
    "Campaign": ("Id", "Name", "IsActive", "IsDeleted"),
    "CampaignMember": ("Id", "CampaignId", "LeadId", "ContactId", "Status", "IsDeleted"),
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
    settings = face.settings
    more = list(settings.fields) if sobject in ("Lead", "Contact") else []
    more += settings.member_fields if sobject == "CampaignMember" else []
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
