"""What identity reads out of events: the model of config/identity.yaml."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, PrivateAttr

from leadops.company import Company, InternalSettings
from leadops.settings import LinkedSettings, Settings

Names = Annotated[list[str], Field(min_length=1)]


class Blocked(Settings):
    """Values that many people share, such as a test login or a test address."""

    #: Lower case; their events tie no other identifier to the lead.
    email: list[str]
    enrichment_id: list[str]
    user_id: list[str]
    anonymous_id: list[str]


class IdentitySettings(LinkedSettings):
    """Which events tell something of a person, and under which property names they tell it."""

    linked_section: ClassVar[str] = "company"

    renamed: ClassVar[dict[str, str]] = {"join_by": "merge_by"}

    trait_events: list[str]  # event names whose properties are facts about the person
    traits: dict[str, Names]  # trait -> property names, the first one present counts
    trust_claims: bool  # events without proof decide like all others
    first_name: Names  # property names, the first one present counts; sent to the MA with a new lead
    last_name: Names  # as first_name
    #: Property names of trait_events, the first one present counts.
    enrichment_id: list[str]
    blocked: Blocked
    not_companies: list[str]  # domains, beside the lists of kept packages
    role_names: list[str]  # the part of an email before the @
    emails_per_identifier: int = Field(ge=1)  # seen with more emails, it is nobody's
    identifiers_per_lead: int = Field(ge=1)  # of one email; more are not tied to it
    #: Identifiers that make two leads one person when they were seen with both emails.
    merge_by: list[Literal["enrichment_id", "user_id", "anonymous_id"]]
    leads_per_person: int = Field(ge=1)  # a larger cluster of linked leads is not merged
    chunk_events: int = Field(ge=1)  # events a transaction
    _company: Company | None = PrivateAttr(None)

    def link(self, section: Settings) -> Self:
        """Return these settings with those of the company."""
        if not isinstance(section, Company):
            raise TypeError(f"{type(section).__name__} are not the settings of the company")
        settings = self.model_copy()
        settings._company = section
        return settings

    @property
    def internal(self) -> InternalSettings | None:
        """Who is not a buyer; None for settings that were not linked to those of the company."""
        return self._company.internal if self._company else None
