"""What of Marketo can be set (marketo.yaml, the section marketo of products.yaml)."""

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, field_validator

from leadops.company import check_zone
from leadops.products.enrolment_settings import EnrolmentSettings
from leadops.settings import Settings

#: The name of a field for the REST API, as Admin > Field Management shows it.
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,254}$")]


class LeadFields(Settings):
    """The fields of a lead that leadops writes."""

    score: FieldName
    external_id: FieldName
    seq: FieldName | None


class MarketoSettings(Settings):
    """The names and limits of one Marketo subscription."""

    fields: LeadFields
    facts: dict[str, FieldName | None]
    partition: str | None
    daily_calls: int = Field(ge=1)
    day_ends: str
    enrolments: EnrolmentSettings

    @field_validator("day_ends")
    @classmethod
    def _must_be_a_zone(cls, day_ends: str) -> str:
        return check_zone(day_ends)

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the day of the quota ends at midnight."""
        return ZoneInfo(self.day_ends)


SETTINGS = MarketoSettings
