"""The people of sales (config/reps.yaml): what they cover and when they work, laid over what the CRM says."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from leadops.calendar.working_hours import parse_span
from leadops.company import ZoneName
from leadops.normalization.email_address import normalise_email
from leadops.settings import Settings

#: What makes a profile: without any of these, routing would only guess.
PROFILE_FIELDS = ("regions", "industries", "languages", "capacity_per_day", "working_hours")


class WorkingDay(Settings):
    """Hours of work, the same on every working day; local time."""

    days: list[int] = Field(min_length=1)  # 1 (Monday) to 7
    start: str
    end: str

    @model_validator(mode="after")
    def _check(self) -> "WorkingDay":
        parse_span(f"{self.start}-{self.end}")
        if not set(self.days) <= set(range(1, 8)):
            raise ValueError("days are 1 (Monday) to 7")
        return self

    @property
    def span(self) -> tuple[int, int]:
        """From and until, in minutes after local midnight."""
        start, end = parse_span(f"{self.start}-{self.end}")
        return start, end


class AwayDays(Settings):
    """Days on which somebody is away, both included."""

    first: date = Field(alias="from")
    last: date = Field(alias="to")

    @model_validator(mode="after")
    def _must_be_in_order(self) -> "AwayDays":
        if self.last < self.first:
            raise ValueError("`to` must not be before `from`")
        return self


class RepEntry(Settings):
    """What the file says of one person; what it leaves out stays as the CRM says it."""

    regions: list[str] | None = None
    industries: list[str] | None = None
    languages: list[str] | None = None
    capacity_per_day: int | None = Field(None, ge=0)  # new leads
    working_hours: WorkingDay | None = None
    zone: ZoneName | None = None
    away: list[AwayDays] | None = None
    slack_id: str | None = Field(None, pattern=r"^[UW][A-Z0-9]+$")
    gets_leads: bool = True

    def lay_over(self, profile: Mapping[str, Any]) -> dict[str, Any]:
        """Return the CRM's `profile` with what the file says in place of its values."""
        said = self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"gets_leads"})
        return {**profile, **said}


@dataclass(frozen=True)
class RepMatch:
    """The entries for one user of the CRM: the one that counts and its key, and the keys of others."""

    entry: RepEntry | None = None
    key: str | None = None
    others: tuple[str, ...] = ()


class RepSettings(Settings):
    """config/reps.yaml."""

    without_profile: Literal["no_leads", "leads"]
    reps: dict[str, RepEntry]

    @field_validator("reps")
    @classmethod
    def _must_be_people(cls, reps: dict[str, RepEntry]) -> dict[str, RepEntry]:
        keys: dict[str, str] = {}
        for key in reps:
            folded = fold_key(key)
            if not folded:
                raise ValueError("a key must be a mail address or an id of the CRM")
            if folded in keys:
                raise ValueError(f"{key} and {keys[folded]} are the same address")
            keys[folded] = key
        return reps

    @cached_property
    def _keys(self) -> dict[str, str]:
        return {fold_key(key): key for key in self.reps}

    def find(self, rep_id: str, email: object) -> RepMatch:
        """Return the entries for a user of the CRM; the id wins over the mail address."""
        wanted = [rep_id, *([fold_key(email)] if isinstance(email, str) else [])]
        keys = [self._keys[name] for name in dict.fromkeys(wanted) if name in self._keys]
        if not keys:
            return RepMatch()
        return RepMatch(self.reps[keys[0]], keys[0], tuple(keys[1:]))

    def find_shared(self, users: Iterable[tuple[str, object]]) -> frozenset[str]:
        """Return the keys of the entries that several of these users (id, mail address) would get.

        An address names one person. A user with an entry by id does not get the one by address.
        """
        counts = Counter(self.find(rep_id, email).key for rep_id, email in users)
        return frozenset(key for key, number in counts.items() if key is not None and number > 1)


def fold_key(key: str) -> str:
    """Return the form by which keys are compared: addresses as everywhere, ids as they are."""
    if "@" not in key:
        return key.strip()
    try:
        return normalise_email(key)
    except ValueError:
        return key.strip().casefold()


def has_profile(profile: Mapping[str, Any]) -> bool:
    """Whether a profile says anything of what somebody covers, takes or works; zero leads is something."""
    return any(profile.get(name) not in (None, [], {}) for name in PROFILE_FIELDS)
