"""Settings of the company as a whole: time zone, language and currency."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from leadops.settings import Settings


def check_zone(name: str) -> str:
    """Return `name` if it is an IANA time zone; otherwise raise ValueError."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone such as Asia/Tokyo or Europe/Berlin") from error
    return name


ZoneName = Annotated[str, AfterValidator(check_zone)]


class Company(Settings):
    """config/company.yaml."""

    timezone: ZoneName = "Asia/Tokyo"
    language: Literal["en", "ja"] = "en"  # of messages to people
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "JPY"  # of deals and costs, ISO 4217

    @property
    def zone(self) -> ZoneInfo:
        """The company's time zone."""
        return ZoneInfo(self.timezone)
