"""The routing rules (config/routing.yaml): which salespeople may take which lead."""

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import ClassVar, Literal, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from leadops.calendar.working_hours import Holidays
from leadops.company import ZoneName
from leadops.normalization.blank_values import is_blank
from leadops.normalization.trait_values import compare_rule_value, compare_trait
from leadops.routing.rep_settings import RepSettings, WorkingDay
from leadops.settings import LinkedSettings, Settings

#: Facts of a lead that a salesperson's profile has a list for.
PROFILE_LISTS = {"region": "regions", "industry": "industries", "language": "languages"}
MatchedFact = Literal["region", "industry", "language"]
Facts = Mapping[str, str]


def fold_value(fact: str, value: object) -> str:
    """Return the form by which a value of a rule or of a profile is compared with `list_forms`."""
    return str(compare_rule_value(fact, value if isinstance(value, int | float) else str(value)))


def list_forms(fact: str, value: str) -> set[str]:
    """Return the forms by which a lead's value of `fact` is compared: scoring compares traits alike."""
    return set(map(str, compare_trait(fact, value)))


class FactDerivation(Settings):
    """How a fact is derived from another one."""

    source: str = Field(alias="from", min_length=1)
    values: dict[str, list[str]]

    def find(self, value: str) -> str | None:
        """Return the result for `value`, or None if it is not listed."""
        forms = list_forms(self.source, value)
        return next(
            (
                to
                for to, names in self.values.items()
                if any(fold_value(self.source, name) in forms for name in names)
            ),
            None,
        )


class RoutingRule(Settings):
    """Which salespeople may take a kind of lead."""

    name: str = Field(min_length=1)
    when: dict[str, list[str]] = Field(default={})
    same: list[MatchedFact] = Field(default=[])
    reps: list[str] | None = None
    if_nobody: Literal["next", "wait"] = "wait"

    def matches(self, facts: Facts) -> bool:
        """Return whether the rule applies to a lead with these facts."""
        return all(name in facts for name in (*self.when, *self.same)) and all(
            any(fold_value(name, value) in forms for value in values)
            for name, values in self.when.items()
            if (forms := list_forms(name, facts[name]))
        )


class ProfileDefaults(Settings):
    """What applies if a profile does not say it."""

    capacity_per_day: int = Field(ge=0)  # leads
    working_hours: WorkingDay


class LeadQueue(Settings):
    """Where leads wait while everybody who may take them is at capacity."""

    name: str = Field(min_length=1)
    alarm_after_minutes: float = Field(gt=0)  # working minutes


class AfterHoursQueue(Settings):
    """Who looks after leads while nobody is at work."""

    name: str = Field(min_length=1)
    alarm_after_minutes: float | None = Field(gt=0)  # wall-clock minutes
    owner_id: str | None
    bot: bool


class MoveOn(Settings):
    """When a lead moves on to the next salesperson."""

    at_most: int = Field(ge=0, le=2)  # times in a cycle
    after_minutes: float = Field(gt=0)  # working minutes of the new owner


class SlackSettings(Settings):
    """How salespeople are notified."""

    enabled: bool
    channel: str | None = Field(pattern=r"^[CGD][A-Z0-9]+$")
    crm_link: str = Field(pattern=r"^(https?://\S*\{id\}\S*)?$")
    wait_for_id_minutes: float = Field(ge=0)
    drop_after_minutes: float = Field(gt=0)
    at_most: int = Field(ge=1)
    seconds_between: float = Field(ge=0)


class RoutingRules(LinkedSettings):
    """config/routing.yaml, with the people of reps.yaml."""

    linked_section: ClassVar[str] = "reps"

    derive: dict[str, FactDerivation]
    rules: list[RoutingRule] = Field(min_length=1)
    weights: dict[str, float]
    window_days: float = Field(gt=0)
    defaults: ProfileDefaults
    holidays: dict[ZoneName, str]
    days_off: list[date]
    account_owner_beyond_capacity: bool
    queue: LeadQueue
    after_hours: AfterHoursQueue
    move_on: MoveOn
    slack: SlackSettings
    _people: RepSettings | None = PrivateAttr(None)

    def link(self, section: Settings) -> Self:
        """Return these rules with the people of reps.yaml."""
        if not isinstance(section, RepSettings):
            raise TypeError(f"{type(section).__name__} are not the people of sales")
        rules = self.model_copy()
        rules._people = section
        return rules

    @property
    def people(self) -> RepSettings | None:
        """The people of reps.yaml; None for rules that were not linked to them."""
        return self._people

    @field_validator("rules")
    @classmethod
    def _named_apart(cls, rules: list[RoutingRule]) -> list[RoutingRule]:
        if len({rule.name for rule in rules}) < len(rules):
            raise ValueError("each rule needs its own name")
        return rules

    @field_validator("weights")
    @classmethod
    def _positive(cls, weights: dict[str, float]) -> dict[str, float]:
        if any(weight <= 0 for weight in weights.values()):
            raise ValueError(
                "a weight must be above 0; to exclude a salesperson, use `reps` in the rules or the CRM"
            )
        return weights

    @field_validator("holidays")
    @classmethod
    def _known(cls, countries: dict[str, str]) -> dict[str, str]:
        for country in countries.values():
            Holidays(country=country, subdivision=None, extra=[])
        return countries

    @model_validator(mode="after")
    def _queues_apart(self) -> "RoutingRules":
        if self.queue.name == self.after_hours.name:
            raise ValueError("queue and after_hours need different names")
        return self

    def complete_facts(self, traits: Facts) -> dict[str, str]:
        """Return `traits` with the facts derived from them; a known trait takes precedence."""
        facts = {name: value for name, value in traits.items() if not is_blank(value)}
        for name, derivation in self.derive.items():
            if name not in facts and derivation.source in facts:
                found = derivation.find(facts[derivation.source])
                if found is not None:
                    facts[name] = found
        return facts

    def used_facts(self) -> set[str]:
        """Return the names of the facts that the rules use."""
        return {name for rule in self.rules for name in [*rule.when, *rule.same]}

    def fingerprint(self) -> str:
        """Return a hash of everything that influences a decision."""
        decisive = self.model_dump_json(exclude={"slack"})
        if self.people and self.people.reps:
            decisive += self.people.model_dump_json()
        return hashlib.sha256(decisive.encode()).hexdigest()[:16]
