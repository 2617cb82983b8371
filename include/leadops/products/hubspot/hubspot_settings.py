"""What of HubSpot can be set (hubspot.yaml, the section hubspot of products.yaml)."""

from typing import Annotated

from pydantic import Field, StringConstraints

from leadops.products.enrolment_settings import MarkedEnrolmentSettings
from leadops.settings import Settings

#: An internal name of a property, as HubSpot makes them.
PropertyName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,99}$")]


class ContactProperties(Settings):
    """The contact's properties that leadops writes."""

    score: PropertyName
    external_id: PropertyName
    seq: PropertyName | None


class ActivityKinds(Settings):
    """The kind, a word of kpi.yaml, that each of HubSpot's activities has; None: it is not read."""

    calls: str | None
    meetings: str | None
    emails: str | None
    incoming_emails: str | None
    tasks: str | None


class HubSpotSettings(Settings):
    """The names and values of one HubSpot account."""

    api_version: Annotated[str, StringConstraints(pattern=r"^20\d\d-\d\d(-beta)?$")]
    properties: ContactProperties
    facts: dict[str, PropertyName | None]
    lead_statuses: dict[str, str]
    lifecycle_stages: dict[str, str]
    new_lead_status: str | None
    replaced_lead_statuses: list[str]
    withdrawn_lead_status: str | None
    activities: ActivityKinds
    enrolments: MarkedEnrolmentSettings
    page_size: int = Field(ge=1, le=200)


SETTINGS = HubSpotSettings
