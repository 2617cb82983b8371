"""Settings of the company as a whole: time zone, language, currency, and what makes two names one."""

from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, AwareDatetime, Field, PrivateAttr, model_validator

from leadops.normalization.email_address import normalise_email
from leadops.normalization.own_networks import Network, read_network
from leadops.settings import Settings


def check_zone(name: str) -> str:
    """Return `name` if it is an IANA time zone; otherwise raise ValueError."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone such as Asia/Tokyo or Europe/Berlin") from error
    return name


ZoneName = Annotated[str, AfterValidator(check_zone)]


def _fold_address(address: str) -> str:
    """Return an address as leads have it; raise ValueError if it is none."""
    try:
        return normalise_email(address)
    except ValueError as error:
        raise ValueError(f"{address!r} is not an email address") from error


def _fold_domain(domain: str) -> str:
    """Return a mail domain as leads have it; raise ValueError if it is none."""
    try:
        return normalise_email(f"x@{domain.strip().removeprefix('@').removesuffix('.')}").partition("@")[2]
    except ValueError as error:
        raise ValueError(f"{domain!r} is not a mail domain such as example.com") from error


def _fold_network(text: str) -> str:
    """Return a network as it is written usually; raise ValueError if no company has it to itself."""
    return str(read_network(text))


class WrongPeriod(Settings):
    """A time in which the networks were wrong; events that arrived in it say nothing of a network."""

    since: AwareDatetime
    until: AwareDatetime

    @model_validator(mode="after")
    def _must_last(self) -> Self:
        if self.until <= self.since:
            raise ValueError("until must be after since")
        return self


class InternalSettings(Settings):
    """Who is not a buyer: the company's own people, and tests."""

    domains: tuple[Annotated[str, AfterValidator(_fold_domain)], ...]
    addresses: tuple[Annotated[str, AfterValidator(_fold_address)], ...]
    networks: tuple[Annotated[str, AfterValidator(_fold_network)], ...]
    networks_wrong: tuple[WrongPeriod, ...]

    def list_networks(self) -> tuple[Network, ...]:
        """Return the company's networks."""
        return tuple(read_network(text) for text in self.networks)


class Company(Settings):
    """config/company.yaml."""

    timezone: ZoneName
    language: Literal["en", "ja"]  # of messages to people
    fold_case: bool  # names of campaigns, sources and channels that differ only in case are one
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]  # of deals and costs, ISO 4217
    fiscal_year_starts: int = Field(ge=1, le=12)  # month; 1: quarters are those of the calendar
    internal: InternalSettings

    @property
    def zone(self) -> ZoneInfo:
        """The company's time zone."""
        return ZoneInfo(self.timezone)


class InCompanyZone(Settings):
    """Settings whose times are local: to a zone of their own, or else to the company's."""

    timezone: ZoneName | None  # None: the company's
    _company_timezone: str | None = PrivateAttr(None)
    _company_currency: str | None = PrivateAttr(None)

    def in_company(self, company: Company) -> Self:
        """Return these settings as those of `company`."""
        settings = self.model_copy()
        settings._company_timezone = company.timezone
        settings._company_currency = company.currency
        return settings

    @property
    def company_currency(self) -> str | None:
        """The company's currency; None for settings that no company has yet."""
        return self._company_currency

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the times; raise ValueError for settings that no company has yet."""
        name = self.timezone or self._company_timezone
        if name is None:
            raise ValueError("timezone is null; take the settings from in_company(...)")
        return ZoneInfo(name)
