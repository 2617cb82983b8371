"""The settings of events: config/events.yaml."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, PrivateAttr

from leadops.events.event_contract import NAME_PATTERN
from leadops.events.spam_settings import SpamSettings
from leadops.normalization.clean_text import fold_text
from leadops.normalization.event_names import fold_name
from leadops.settings import LinkedSettings, Settings


def _check_pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return pattern


def _fold_names(names: Mapping[str, str]) -> dict[str, str]:
    """Return `names` by what is sent, and by what `fold_name` makes of it, where it loses nothing."""
    return {fold_name(name): ours for name, ours in names.items() if name.isascii()} | dict(names)


Folded = Annotated[frozenset[str], AfterValidator(lambda words: frozenset(map(fold_text, words)))]
Pattern = Annotated[str, AfterValidator(_check_pattern)]
EventName = Annotated[str, Field(max_length=100, pattern=NAME_PATTERN)]
#: By the name as it is sent, and by `fold_name` of it.
TrackNames = Annotated[
    Mapping[str, EventName],
    AfterValidator(_fold_names),
]


class BotSettings(Settings):
    """User agents that are bots, or never are, whatever the list of crawler-user-agents says."""

    also: tuple[Pattern, ...]
    never: tuple[Pattern, ...]


class LagSettings(Settings):
    """How the lag is measured; see leadops.events.lag."""

    window_minutes: float = Field(gt=0, le=60)
    max_events: int = Field(ge=100)
    late_share: float = Field(gt=0, le=1)
    min_senders: int = Field(ge=1)


class EventSettings(LinkedSettings):
    """config/events.yaml, and which of the events are forms that look like spam (config/forms.yaml)."""

    linked_section: ClassVar[str] = "forms"

    max_age_hours: float = Field(gt=0)
    max_ahead_minutes: float = Field(ge=0)
    max_string_chars: int = Field(ge=256, le=262_144)  # characters
    max_depth: int = Field(ge=4, le=100)  # levels, the event itself being the first
    placeholder_ids: Folded
    track_names: TrackNames
    bots: BotSettings
    lag: LagSettings
    _forms: SpamSettings | None = PrivateAttr(None)

    def link(self, section: Settings) -> Self:
        """Return these settings with those of forms."""
        if not isinstance(section, SpamSettings):
            raise TypeError(f"{type(section).__name__} are not the settings of forms")
        settings = self.model_copy()
        settings._forms = section
        return settings

    @property
    def forms(self) -> SpamSettings:
        """The settings of forms; raise ValueError for settings that were not linked to them."""
        if self._forms is None:
            raise ValueError("take the settings of events from the configuration: they lack those of forms")
        return self._forms

    @property
    def max_age(self) -> timedelta:
        """How old an event may be when it arrives."""
        return timedelta(hours=self.max_age_hours)

    @property
    def max_ahead(self) -> timedelta:
        """How far a sender's clock may be ahead of ours."""
        return timedelta(minutes=self.max_ahead_minutes)
