"""What is true of the company as a whole: the zone its days are counted in, the language it is spoken to."""

from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import field_validator

from leadops.settings import Settings


class Company(Settings):
    """config/company.yaml."""

    timezone: str = "Asia/Tokyo"  # IANA name
    language: Literal["en", "ja"] = "en"  # of messages to people

    @field_validator("timezone")
    @classmethod
    def _must_exist(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{name!r} is not an IANA time zone such as Asia/Tokyo") from error
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The company's time zone."""
        return ZoneInfo(self.timezone)
