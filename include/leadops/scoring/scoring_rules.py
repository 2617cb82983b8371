"""The rule file: what gives points, how often, and how points are shown; the model of config/scoring.yaml."""

import hashlib
import json
from typing import Annotated, Any, ClassVar, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt, ValidationInfo, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from leadops.scoring.conditions import RuleCondition, Text
from leadops.scoring.event_condition import PAGE, EventCondition, Name
from leadops.scoring.grades import Grades
from leadops.scoring.page_rules import PageRules
from leadops.settings import Settings

#: What a broken rule set may answer with: where in the file, and what is wrong there.
Fault = tuple[tuple[str | int, ...], str]

LARGEST = 1_000_000


def _not_nothing(points: int) -> int:
    if points == 0:
        raise ValueError("points of 0 change nothing; remove the rule")
    return points


def _name_norwegian(value: object) -> object:
    if value is False:
        raise ValueError('to YAML no is false; write "no" for Norwegian')
    return value


def _keys(settings: Any, name: str) -> set[str]:
    """Return the keys of the mapping `name` in a user's file; none if it is not a mapping."""
    inner = settings.get(name) if isinstance(settings, dict) else None
    return set(inner) if isinstance(inner, dict) else set()


Points = Annotated[StrictInt, Field(ge=-LARGEST, le=LARGEST), AfterValidator(_not_nothing)]
Cap = Annotated[StrictInt, Field(ge=1, le=LARGEST)]
Locale = Annotated[str, BeforeValidator(_name_norwegian), Field(pattern="^[a-z]{2,8}([-_][a-z0-9]{2,8})*$")]
#: What sales reads in place of a rule's name, by language.
Label = Annotated[
    dict[Literal["en", "ja"], Annotated[Text, Field(min_length=1, max_length=60)]],
    Field(default_factory=dict, exclude=True),  # it decides no points
]
Trait = Literal["industry", "employees", "title", "country", "company", "email_domain"]


class Caps(Settings):
    """The most that may be given, in points whatever their sign; not given: no limit."""

    renamed: ClassVar[dict[str, str]] = {"cap_for_ever": "cap_per_lead"}

    cap_per_day: Cap | None = None  # points in one day of the company's zone
    cap_per_lead: Cap | None = None  # points in a lead's whole life

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.cap_per_day and self.cap_per_lead and self.cap_per_day > self.cap_per_lead:
            raise ValueError(
                f"cap_per_day {self.cap_per_day} is over cap_per_lead {self.cap_per_lead}; lower it"
            )
        return self


class BehaviourRule(EventCondition, Caps):
    """Points for each event that fits, up to the caps of the rule and then of its group."""

    name: Name
    label: Label
    points: Points
    group: Name | None = None  # rules of one group share the group's caps

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        for cap in ("cap_per_day", "cap_per_lead"):
            limit = getattr(self, cap)
            if limit is not None and limit < abs(self.points):
                raise ValueError(f"{cap} {limit} is under the rule's points {self.points}; raise it")
        return self


class FitRule(Settings):
    """Points once, while a trait of the lead fits."""

    name: Name
    label: Label
    trait: Trait
    points: Points
    when: RuleCondition

    @model_validator(mode="after")
    def _no_page(self) -> Self:
        if self.when.page_patterns():
            raise ValueError(f"path and path_is are for {PAGE}; a trait has no page")
        return self

    def condition(self) -> str:
        """Return the jsonpath predicate over the trait's value as it is compared."""
        return self.when.for_trait(self.trait).predicate("$")


class DecayCurve(Settings):
    """How the points of an event lose their worth with its age."""

    half_life_days: float = Field(gt=0, le=100_000)  # days in which what is left becomes half of it
    grace_days: StrictInt = Field(default=0, ge=0, le=100_000)  # days for which points keep their worth
    floor: float = Field(default=0, ge=0, le=1)  # share of the points that never fades


class DecayRules(DecayCurve):
    """How behaviour decays, unless its rule, or else its group, says otherwise."""

    grace_days: StrictInt = Field(ge=0, le=100_000)
    floor: float = Field(ge=0, le=1)
    groups: dict[Name, DecayCurve]
    rules: dict[Name, DecayCurve]


class RuleSet(Settings):
    """Every rule by which leads get points."""

    groups: dict[Name, Caps]
    behaviour: list[BehaviourRule]
    fit: list[FitRule]
    decay: DecayRules | None  # None: points never decay
    claims_cap: StrictInt = Field(ge=0, le=LARGEST)  # points of a lead that is only claimed
    page_locales: list[Locale]  # first segments of a page's path that are not counted
    grades: Grades
    chunk_leads: int = Field(ge=1)  # leads scored in one transaction

    @model_validator(mode="before")
    @classmethod
    def _leave_out_unused_groups(cls, value: Any, info: ValidationInfo) -> Any:
        """Leave out the shipped groups that no rule of a user's own `behaviour` is in."""
        own = (info.context or {}).get("own", {})
        rules = own.get("behaviour")
        if not (isinstance(rules, list) and isinstance(value["groups"], dict)):
            return value
        used = {rule.get("group") for rule in rules if isinstance(rule, dict)}
        groups = {name: caps for name, caps in value["groups"].items() if name in used | _keys(own, "groups")}
        decay = value["decay"]
        if isinstance(decay, dict) and isinstance(decay.get("groups"), dict):
            known = groups.keys() | _keys(own.get("decay"), "groups")
            decay = decay | {"groups": {name: own for name, own in decay["groups"].items() if name in known}}
        return value | {"groups": groups, "decay": decay}

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if faults := [*self._double_names(), *self._group_faults(), *self._decay_faults()]:
            kinds = [PydanticCustomError("rule_set", "{fault}", {"fault": fault}) for _, fault in faults]
            raise ValidationError.from_exception_data(
                "RuleSet",
                [
                    InitErrorDetails(type=kind, loc=place, input=None)
                    for kind, (place, _) in zip(kinds, faults, strict=True)
                ],
            )
        return self

    def _double_names(self) -> list[Fault]:
        places = [("behaviour", number, rule.name) for number, rule in enumerate(self.behaviour)]
        places += [("fit", number, rule.name) for number, rule in enumerate(self.fit)]
        seen: set[str] = set()
        faults: list[Fault] = []
        for part, number, name in places:
            if name in seen:
                faults.append(((part, number, "name"), f"a rule above is called {name}; names are unique"))
            seen.add(name)
        return faults

    def _group_faults(self) -> list[Fault]:
        faults: list[Fault] = []
        signs: dict[str, bool] = {}
        for number, rule in enumerate(self.behaviour):
            if rule.group is None:
                continue
            if rule.group not in self.groups:
                faults.append((("behaviour", number, "group"), f"groups has no {rule.group}; add it"))
            elif signs.setdefault(rule.group, rule.points > 0) != (rule.points > 0):
                text = f"group {rule.group} mixes points over and under 0; a group caps one kind"
                faults.append((("behaviour", number, "group"), text))
        for name, caps in self.groups.items():
            if name not in signs:
                faults.append((("groups", name), f"no rule is in group {name}; remove it"))
            elif caps == Caps():
                faults.append((("groups", name), "a group needs cap_per_day or cap_per_lead"))
        return faults

    def _decay_faults(self) -> list[Fault]:
        if self.decay is None:
            return []
        rules = {rule.name for rule in self.behaviour}
        faults: list[Fault] = [
            (("decay", "groups", name), f"groups has no {name}; remove it")
            for name in self.decay.groups
            if name not in self.groups
        ]
        faults += [
            (("decay", "rules", name), f"behaviour has no rule {name}; remove it")
            for name in self.decay.rules
            if name not in rules
        ]
        return faults

    def page_rules(self) -> PageRules:
        """Return the rules that name paths, which share the pages out."""
        return PageRules(self.behaviour, self.page_locales)

    def labels(self) -> dict[str, dict[str, str]]:
        """Return what sales reads in place of the names of rules, by rule and language."""
        rules: list[BehaviourRule | FitRule] = [*self.behaviour, *self.fit]
        return {
            rule.name: {str(name): text for name, text in rule.label.items()} for rule in rules if rule.label
        }

    def body(self, zone: ZoneInfo) -> dict[str, Any]:
        """Return everything that decides points, as JSON.

        It depends on the order of the file only where that decides between two rules for one page.
        """
        page_rules = self.page_rules()
        behaviour = {
            rule.name: {
                **rule.model_dump(mode="json", by_alias=True, exclude_none=True),
                "caps": self.groups[rule.group].model_dump(exclude_none=True) if rule.group else {},
                **({"pages": pages} if (pages := page_rules.describe(rule)) else {}),
            }
            for rule in self.behaviour
        }
        fit = {rule.name: rule.model_dump(mode="json", by_alias=True, exclude_none=True) for rule in self.fit}
        decay = {"decay": self.decay.model_dump(mode="json")} if self.decay else {}
        return {"zone": zone.key, "rules": behaviour | fit, "claims_cap": self.claims_cap} | decay

    @classmethod
    def from_body(cls, body: dict[str, Any], *, like: "RuleSet") -> tuple["RuleSet", ZoneInfo]:
        """Return the rules and the zone that gave `body`; what decides no points is taken from `like`.

        Raises pydantic.ValidationError for a body of a later version.
        """
        rules = list(body["rules"].values())
        behaviour = [rule for rule in rules if "event" in rule]
        behaviour.sort(key=lambda rule: rule.get("pages", {}).get("place", 0))
        locales = [rule["pages"]["locales"] for rule in behaviour if "pages" in rule]
        derived = ("caps", "pages")
        whole = {
            "groups": {rule["group"]: rule["caps"] for rule in behaviour if "group" in rule},
            "behaviour": [{name: rule[name] for name in rule if name not in derived} for rule in behaviour],
            "fit": [rule for rule in rules if "event" not in rule],
            "decay": body.get("decay"),
            "claims_cap": body["claims_cap"],
            "page_locales": locales[0] if locales else like.page_locales,
            "grades": like.grades,
            "chunk_leads": like.chunk_leads,
        }
        return cls.model_validate(whole), ZoneInfo(body["zone"])

    def hash(self, zone: ZoneInfo) -> str:
        """Return the SHA-256 (hex) of `body`: two files that give the same points have the same hash."""
        text = json.dumps(self.body(zone), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()
