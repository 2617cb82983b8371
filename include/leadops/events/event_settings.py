"""The settings of events: config/events.yaml."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from leadops.normalization.clean_text import fold_text
from leadops.settings import Settings


def _check_pattern(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return pattern


Folded = Annotated[frozenset[str], AfterValidator(lambda words: frozenset(map(fold_text, words)))]
Pattern = Annotated[str, AfterValidator(_check_pattern)]


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


class EventSettings(Settings):
    """config/events.yaml."""

    max_age_hours: float = Field(gt=0)
    max_ahead_minutes: float = Field(ge=0)
    max_string_chars: int = Field(ge=256, le=262_144)  # characters
    max_depth: int = Field(ge=4, le=100)  # levels, the event itself being the first
    placeholder_ids: Folded
    bots: BotSettings
    lag: LagSettings

    @property
    def max_age(self) -> timedelta:
        """How old an event may be when it arrives."""
        return timedelta(hours=self.max_age_hours)

    @property
    def max_ahead(self) -> timedelta:
        """How far a sender's clock may be ahead of ours."""
        return timedelta(minutes=self.max_ahead_minutes)
