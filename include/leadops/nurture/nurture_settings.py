"""The programmes, their steps and messages, and the limits over all of them: config/nurture.yaml."""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import time, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PlainSerializer, StrictBool, StrictInt, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from leadops.company import InCompanyZone
from leadops.nurture.lift_settings import LiftSettings
from leadops.nurture.message_texts import NurtureMessage
from leadops.products.enrolment import ProgrammeStep
from leadops.scoring.event_condition import EventCondition
from leadops.settings import Settings

_SPAN = re.compile(r"(\d{1,9})(s|min|h|d)")
_UNITS = {
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
#: The delay of a step that comes on the next day, at `next_day_at` of the lead's clock.
NEXT_DAY = "next_day"
#: The most that next_day can be after the entry: it begins with the day, on one of 25 hours.
LONGEST_NEXT_DAY = timedelta(hours=49)

#: Where in the file something is wrong, and what.
Fault = tuple[tuple[str | int, ...], str]


def parse_duration(value: object) -> object:
    """Turn "90min", "1h" or "7d" into a timedelta; raise ValueError for other texts. Other types pass."""
    if not isinstance(value, str):
        return value
    found = _SPAN.fullmatch(value.strip())
    if not found:
        raise ValueError(f"{value!r} is not a span of time such as 90min, 1h or 7d")
    return int(found[1]) * _UNITS[found[2]]


def _parse_delay(value: object) -> object:
    return value if value == NEXT_DAY else parse_duration(value)


def _write_delay(delay: object) -> object:
    """Return a span as JSON has it, in seconds; `parse_duration` reads it again."""
    return f"{delay // timedelta(seconds=1)}s" if isinstance(delay, timedelta) else delay


def _parse_clock(value: object) -> object:
    if isinstance(value, time):
        return value
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise ValueError(f'{value!r} is not a time of day such as "09:00"; YAML needs the quotes')
    return time(int(found[1]), int(found[2]))


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
MessageKey = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.]{0,99}$")]
_InSeconds = PlainSerializer(_write_delay, when_used="json")
Duration = Annotated[timedelta, BeforeValidator(parse_duration), _InSeconds]
PositiveDuration = Annotated[Duration, Field(gt=timedelta(0))]
Clock = Annotated[time, BeforeValidator(_parse_clock)]
Delay = Annotated[Literal["next_day"] | timedelta, BeforeValidator(_parse_delay), _InSeconds]
Exit = Literal["contacted", "sal", "opt_out", "customer", "bounced"]


class QuietHours(Settings):
    """The hours of the lead's clock in which nothing goes out."""

    from_: Clock = Field(alias="from")
    until: Clock

    @property
    def longest(self) -> timedelta:
        """How long they last at most: an hour longer where the clock goes back in them."""
        minutes = (self.until.hour - self.from_.hour) * 60 + self.until.minute - self.from_.minute
        return timedelta(minutes=minutes % 1440) + timedelta(hours=1)

    @model_validator(mode="after")
    def _must_leave_room(self) -> Self:
        if self.from_ == self.until:
            raise ValueError("from and until are the same; for no quiet hours write quiet_hours: null")
        return self


class FrequencyCap(Settings):
    """How many messages of all programmes a person gets at most."""

    messages: StrictInt = Field(ge=1)
    per_days: StrictInt = Field(ge=1, le=365)  # of 24 hours each

    @property
    def window(self) -> timedelta:
        """The time over which messages are counted."""
        return timedelta(days=self.per_days)


class StepDepth(Settings):
    """The message for those whose acts fit a condition."""

    name: Name
    when: dict[str, Any]  # as of an entry, checked there
    event: str | None = None  # None: any event by which people enter the programme
    message: MessageKey

    def condition(self, event: str) -> EventCondition:
        """Return the condition on events called `event`; raise ValidationError if it is none."""
        return EventCondition.model_validate({"event": event, "when": self.when})

    @model_validator(mode="after")
    def _must_be_a_condition(self) -> Self:
        self.condition(self.event or "any")
        return self


class NurtureStep(Settings):
    """One message of a programme: when it comes after the entry, and until when it is worth sending."""

    name: Name
    delay: Delay
    message: MessageKey | None  # None: only those whose acts fit a depth get one
    depth: list[StepDepth] = Field(
        default_factory=list
    )  # from shallow to deep: the last one that any act fits counts
    stale_after: PositiveDuration

    @property
    def longest_delay(self) -> timedelta:
        """How long after the entry it comes at most."""
        return LONGEST_NEXT_DAY if isinstance(self.delay, str) else self.delay

    @property
    def message_keys(self) -> list[str]:
        """The messages that it may send."""
        return [*([self.message] if self.message else []), *(depth.message for depth in self.depth)]

    @model_validator(mode="after")
    def _must_send(self) -> Self:
        if not self.message_keys:
            raise ValueError("the step sends nothing; give it a message, or depth with messages")
        if isinstance(self.delay, timedelta) and self.delay < timedelta(0):
            raise ValueError("the delay must not be below 0")
        return self


class NurtureProgramme(Settings):
    """How people enter a programme, what they get, and what ends it."""

    entry: list[EventCondition] = Field(min_length=1)  # any of these makes a person enter
    takes_members: StrictBool  # False: nobody enters any more; those who are in it go on
    reentry_after: PositiveDuration | None  # since the entry before; None: once in a life
    holdout_share: float = Field(ge=0, le=0.9)  # of the people who enter, who get nothing
    exits: list[Exit]
    steps: list[NurtureStep] = Field(min_length=1)

    @property
    def length(self) -> timedelta:
        """How long after the entry the last step is stale."""
        return max(step.longest_delay + step.stale_after for step in self.steps)

    def list_faults(self) -> Iterator[Fault]:
        """Yield what is wrong between the parts of a programme."""
        names: set[str] = set()
        latest = timedelta(0)
        for number, step in enumerate(self.steps):
            if step.name in names:
                yield ("steps", number, "name"), f"a step above is called {step.name}; names are unique"
            names.add(step.name)
            if step.longest_delay < latest:
                yield (
                    ("steps", number, "delay"),
                    "it comes before the step above it; put the steps in the order of their delays",
                )
            latest = step.longest_delay
        if self.reentry_after is not None and self.reentry_after < self.length:
            days = -(-self.length // timedelta(days=1))
            yield (
                ("reentry_after",),
                f"who enters again must be through: the last step is stale {days} days after the entry;"
                f" write {days}d or more, or null",
            )


class NurtureSettings(InCompanyZone):
    """config/nurture.yaml."""

    next_day_at: Clock
    quiet_hours: QuietHours | None  # None: there are none
    frequency_cap: FrequencyCap | None  # None: no limit
    contacted_within: Duration  # so long a contact by sales counts outside of an MQL's cycle
    chunk_members: int = Field(ge=1)  # memberships looked at in one transaction
    lift: LiftSettings
    programmes: dict[Name, NurtureProgramme]
    messages: dict[MessageKey, NurtureMessage]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        faults = [
            (("programmes", name, *place), text)
            for name, programme in self.programmes.items()
            for place, text in [*programme.list_faults(), *self._step_faults(programme)]
        ]
        if faults:
            raise ValidationError.from_exception_data(
                "NurtureSettings",
                [
                    InitErrorDetails(
                        type=PydanticCustomError("nurture", "{fault}", {"fault": text}), loc=place, input=None
                    )
                    for place, text in faults
                ],
            )
        return self

    def _step_faults(self, programme: NurtureProgramme) -> Iterator[Fault]:
        for number, step in enumerate(programme.steps):
            if step.message is not None and step.message not in self.messages:
                yield ("steps", number, "message"), f"messages has no {step.message}; add it"
            for place, depth in enumerate(step.depth):
                if depth.message not in self.messages:
                    yield (
                        ("steps", number, "depth", place, "message"),
                        f"messages has no {depth.message}; add it",
                    )
            if self.quiet_hours and step.stale_after <= self.quiet_hours.longest:
                yield (
                    ("steps", number, "stale_after"),
                    "quiet hours may last longer than that, and the step would never go out; give more than"
                    f" {self.quiet_hours.longest // timedelta(minutes=1)}min",
                )

    def list_places(self) -> list[ProgrammeStep]:
        """Return the steps of all programmes, each of which the MA needs a counterpart for."""
        return [
            ProgrammeStep(name, step.name)
            for name, programme in self.programmes.items()
            for step in programme.steps
        ]

    def describe_programme(self, name: str, locales: list[str]) -> dict[str, Any]:
        """Return everything that decides what members of a programme get, as JSON: a version of it.

        `locales` are the segments of a page's path that are not counted (scoring.yaml).
        """
        programme = self.programmes[name]
        keys = sorted({key for step in programme.steps for key in step.message_keys})
        return {
            "programme": programme.model_dump(mode="json", by_alias=True, exclude_unset=True),
            "messages": {key: self.messages[key].model_dump(mode="json") for key in keys},
            "page_locales": list(locales),
        }


def hash_body(body: dict[str, Any] | None) -> str:
    """Return the SHA-256 (hex) of a programme's body; of None that of a programme that was taken out."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
