"""What of Salesforce can be set (salesforce.yaml, the section salesforce of products.yaml)."""

from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from leadops.products.enrolment_settings import MarkedEnrolmentSettings
from leadops.settings import Settings

#: An API name of a field: a standard field, or a custom one with __c.
FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")]


class SalesforceFields(Settings):
    """The fields of Lead and Contact that leadops writes."""

    score: FieldName
    external_id: FieldName
    seq: FieldName | None

    def list_names(self) -> tuple[str, ...]:
        """Return the names of all of them."""
        return tuple(filter(None, (self.score, self.external_id, self.seq)))


class SalesforceSettings(Settings):
    """The names and values of one Salesforce."""

    api_version: Annotated[str, StringConstraints(pattern=r"^\d\d\.0$")]
    fields: SalesforceFields
    facts: dict[str, FieldName | None]
    placeholders: dict[FieldName, str]
    new_lead_status: str | None
    allow_duplicates: bool
    enrolments: MarkedEnrolmentSettings
    activity_details: dict[FieldName, str]
    busy_seconds: float = Field(gt=0)
    used_up_seconds: float = Field(gt=0)

    @field_validator("placeholders")
    @classmethod
    def _must_say_something(cls, placeholders: dict[str, str]) -> dict[str, str]:
        if empty := sorted(name for name, text in placeholders.items() if not text.strip()):
            raise ValueError(f"{', '.join(empty)}: Salesforce takes no empty text there")
        return placeholders

    def path(self, end: str) -> str:
        """Return the path of a resource of the REST API."""
        return f"/services/data/v{self.api_version}/{end}"


SETTINGS = SalesforceSettings
