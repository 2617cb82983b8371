"""What identity reads out of events: the model of config/identity.yaml."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, PrivateAttr, field_validator

from leadops.company import Company, InternalSettings
from leadops.identity.email_kinds import is_role_address
from leadops.normalization.mailbox_rules import PROVIDERS, list_domains, name_mailbox
from leadops.settings import LinkedSettings, Settings

Names = Annotated[list[str], Field(min_length=1)]


class Blocked(Settings):
    """Values that many people share, such as a test login or a test address."""

    #: Lower case; their events tie no other identifier to the lead.
    email: list[str]
    enrichment_id: list[str]
    user_id: list[str]
    anonymous_id: list[str]


class MailboxSettings(Settings):
    """Where several spellings of an address are one mailbox."""

    providers: list[Literal["gmail", "outlook", "icloud", "fastmail", "proton"]]
    plus_domains: list[str]  # lower case; there name+tag@ is name@

    @field_validator("plus_domains")
    @classmethod
    def _check_domains(cls, domains: list[str]) -> list[str]:
        """Refuse what no address of a company could have after the @."""
        for domain in domains:
            if domain != domain.strip().lower() or "@" in domain or "." not in domain:
                raise ValueError(f"{domain!r} must be a mail domain in lower case, such as buyer.example")
            if domain in list_domains(PROVIDERS):
                raise ValueError(f"{domain} belongs to a provider; name the provider in providers")
        return domains

    @property
    def domains(self) -> list[str]:
        """The domains where spellings are joined."""
        return sorted(list_domains(self.providers) | set(self.plus_domains))


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
    mailboxes: MailboxSettings
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

    def find_mailbox(self, email: str) -> str | None:
        """Return the mailbox by which `email` (normalised) may be joined with its other spellings.

        None where no rule is known, and where role_names or blocked name the address or its mailbox.
        """
        if email.rpartition("@")[2] not in self.mailboxes.domains:
            return None
        mailbox = name_mailbox(email)
        if any(
            name in self.blocked.email or is_role_address(name, role_names=self.role_names)
            for name in (email, mailbox)
        ):
            return None
        return mailbox

    @property
    def internal(self) -> InternalSettings | None:
        """Who is not a buyer; None for settings that were not linked to those of the company."""
        return self._company.internal if self._company else None
