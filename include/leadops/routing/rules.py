"""The rules of routing (config/routing.yaml): which salespeople may take which lead."""

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Literal

from pydantic import Field, field_validator, model_validator

from leadops.calendar.hours import Holidays, parse_span
from leadops.company import ZoneName
from leadops.settings import Settings

#: Facts of a lead that a salesperson's profile has a list for.
PROFILE_LISTS = {"region": "regions", "industry": "industries", "language": "languages"}
Shared = Literal["region", "industry", "language"]
Facts = Mapping[str, str]


def fold(text: object) -> str:
    """Return `text` as it is compared: without outer spaces and capitals."""
    return str(text).strip().casefold()


class Derivation(Settings):
    """How a fact is worked out from another one."""

    source: str = Field(alias="from", min_length=1)
    values: dict[str, list[str]]

    def find(self, value: str) -> str | None:
        """Return the result for `value`; None where nothing is said of it."""
        wanted = fold(value)
        return next((to for to, names in self.values.items() if wanted in map(fold, names)), None)


class Rule(Settings):
    """Which salespeople may take a kind of lead."""

    name: str = Field(min_length=1)
    when: dict[str, list[str]] = Field(default={})
    same: list[Shared] = Field(default=[])
    reps: list[str] | None = None
    if_nobody: Literal["next", "wait"] = "wait"

    def fits(self, facts: Facts) -> bool:
        """Say whether the rule speaks of a lead with these facts."""
        return all(
            name in facts and fold(facts[name]) in map(fold, values) for name, values in self.when.items()
        ) and all(name in facts for name in self.same)


class WorkingDay(Settings):
    """Hours of work, the same on every working day; local time."""

    days: list[int] = Field(min_length=1)  # 1 (Monday) to 7
    start: str
    end: str

    @model_validator(mode="after")
    def _readable(self) -> "WorkingDay":
        parse_span(f"{self.start}-{self.end}")
        if not set(self.days) <= set(range(1, 8)):
            raise ValueError("days are 1 (Monday) to 7")
        return self

    @property
    def span(self) -> tuple[int, int]:
        """From and until, in minutes after local midnight."""
        start, end = parse_span(f"{self.start}-{self.end}")
        return start, end


class Defaults(Settings):
    """What counts where a profile says nothing."""

    capacity_per_day: int = Field(ge=0)  # leads
    working_hours: WorkingDay


class Queue(Settings):
    """Where leads wait while all who may take them are full."""

    name: str = Field(min_length=1)
    alarm_after_minutes: float = Field(gt=0)  # minutes of working time


class AfterHours(Settings):
    """Who has a lead while nobody is at work."""

    name: str = Field(min_length=1)
    alarm_after_minutes: float | None = Field(default=None, gt=0)  # minutes of the clock on the wall
    owner_id: str | None = None
    bot: bool = False


class MoveOn(Settings):
    """When a lead goes to the next salesperson."""

    at_most: int = Field(ge=0, le=2)  # times in a cycle
    after_minutes: float = Field(gt=0)  # minutes of the owner's working time


class SlackSettings(Settings):
    """How salespeople are told."""

    enabled: bool
    channel: str | None = Field(default=None, pattern=r"^[CGD][A-Z0-9]+$")
    crm_link: str = Field(default="", pattern=r"^(https?://\S*\{id\}\S*)?$")
    wait_for_id_minutes: float = Field(ge=0)
    drop_after_minutes: float = Field(gt=0)
    at_most: int = Field(ge=1)
    seconds_between: float = Field(ge=0)


class RoutingRules(Settings):
    """config/routing.yaml."""

    derive: dict[str, Derivation] = Field(default={})
    rules: list[Rule] = Field(min_length=1)
    weights: dict[str, float] = Field(default={})
    window_days: float = Field(gt=0)
    defaults: Defaults
    holidays: dict[ZoneName, str] = Field(default={})
    days_off: list[date] = Field(default=[])
    account_owner_beyond_capacity: bool
    queue: Queue
    after_hours: AfterHours
    move_on: MoveOn
    slack: SlackSettings

    @field_validator("rules")
    @classmethod
    def _named_apart(cls, rules: list[Rule]) -> list[Rule]:
        if len({rule.name for rule in rules}) < len(rules):
            raise ValueError("each rule needs a name of its own")
        return rules

    @field_validator("weights")
    @classmethod
    def _positive(cls, weights: dict[str, float]) -> dict[str, float]:
        if any(weight <= 0 for weight in weights.values()):
            raise ValueError("a weight must be above 0; take a rep out by the CRM, or by `reps` of the rules")
        return weights

    @field_validator("holidays")
    @classmethod
    def _known(cls, countries: dict[str, str]) -> dict[str, str]:
        for country in countries.values():
            Holidays(country=country)
        return countries

    @model_validator(mode="after")
    def _queues_apart(self) -> "RoutingRules":
        if self.queue.name == self.after_hours.name:
            raise ValueError("queue and after_hours need different names")
        return self

    def complete(self, traits: Facts) -> dict[str, str]:
        """Return `traits` with the facts that can be worked out from them; a known trait wins."""
        facts = {name: value for name, value in traits.items() if value.strip()}
        for name, derivation in self.derive.items():
            if name not in facts and derivation.source in facts:
                found = derivation.find(facts[derivation.source])
                if found is not None:
                    facts[name] = found
        return facts

    def used(self) -> set[str]:
        """Return the facts that some rule asks for."""
        return {name for rule in self.rules for name in [*rule.when, *rule.same]}

    def fingerprint(self) -> str:
        """Return a hash of all that decides."""
        decisive = self.model_dump_json(exclude={"slack"})
        return hashlib.sha256(decisive.encode()).hexdigest()[:16]
