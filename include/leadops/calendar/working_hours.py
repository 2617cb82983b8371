"""Working hours and holidays as the settings write them."""

import re
from datetime import date
from itertools import pairwise
from typing import Annotated, Any

import holidays
from pydantic import BeforeValidator, field_validator, model_validator

from leadops.settings import Settings

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")

#: [from, until) as minutes of the local wall clock after midnight (1440: the end of the day).
Span = tuple[int, int]


def parse_span(text: Any) -> Any:
    """Turn "09:00-18:00" into (540, 1080); raise ValueError for other texts. Other types pass."""
    if not isinstance(text, str):
        return text
    found = _SPAN.fullmatch(text)
    if not found:
        raise ValueError(f'{text!r} is not a span of hours such as "09:00-18:00"')
    start = int(found[1]) * 60 + int(found[2])
    end = int(found[3]) * 60 + int(found[4]) if found[3] else 1440
    if end <= start:
        raise ValueError(
            f"{text!r} ends before it begins; a night shift is two spans, to 24:00 and from 00:00"
        )
    return start, end


Hours = list[Annotated[Span, BeforeValidator(parse_span)]]


class WorkingHours(Settings):
    """Working hours by weekday, local time."""

    monday: Hours
    tuesday: Hours
    wednesday: Hours
    thursday: Hours
    friday: Hours
    saturday: Hours
    sunday: Hours

    @field_validator("*")
    @classmethod
    def _apart(cls, spans: list[Span]) -> list[Span]:
        ordered = sorted(spans)
        if any(later[0] < earlier[1] for earlier, later in pairwise(ordered)):
            raise ValueError("the spans of a day overlap; join them into one")
        return ordered

    @model_validator(mode="after")
    def _some(self) -> "WorkingHours":
        if not any(self.on(weekday) for weekday in range(7)):
            raise ValueError("no day has working hours; add at least one span")
        return self

    def on(self, weekday: int) -> list[Span]:
        """Return the spans of `weekday` (0 is Monday)."""
        spans: list[Span] = getattr(self, WEEKDAYS[weekday])
        return spans


class Holidays(Settings):
    """The days on which nobody works."""

    country: str | None  # ISO 3166-1
    subdivision: str | None
    extra: list[date]

    @model_validator(mode="after")
    def _known(self) -> "Holidays":
        self.public()
        return self

    def public(self) -> holidays.HolidayBase | None:
        """Return the public holidays of the country, or None without a country."""
        if self.country is None:
            return None
        try:
            return holidays.country_holidays(self.country, subdiv=self.subdivision)
        except NotImplementedError as error:
            raise ValueError(
                f"the holidays package does not know this country or subdivision: {error}"
            ) from error
