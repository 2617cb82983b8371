"""What config/attribution.yaml may say."""

import hashlib
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from leadops.settings import Settings

#: What attribution.credits calls the models.
MODELS = ("last_touch", "first_touch", "linear", "u_shape", "time_decay", "shapley", "markov")

Share = Annotated[float, Field(ge=0, le=1)]
Days = Annotated[float, Field(gt=0, le=3650)]
Address = Annotated[str, Field(pattern=r"^(properties|context)(\.[^.]+)+$")]


class ConversionSettings(Settings):
    """What counts as a conversion: a stage, or an event."""

    stage: Literal["mql", "sal", "sql", "won", "lost"] | None
    event: str | None
    value_at: Annotated[list[Address], Field(max_length=3)]  # the value of such an event

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.stage is None) == (self.event is None):
            raise ValueError("give either a stage or an event, and null for the other")
        return self

    @property
    def text(self) -> str:
        """What a reader of the tables sees: `stage sql`, `event submit_form`."""
        return f"stage {self.stage}" if self.stage else f"event {self.event}"


class TouchesSettings(Settings):
    """Which events are marketing touches, and where they name channel and campaign."""

    events: dict[str, str | None]  # event: the channel if it names none; None: then it is not a touch
    channel_at: Annotated[list[Address], Field(max_length=3)]
    campaign_at: Annotated[list[Address], Field(max_length=3)]
    visit_minutes: Annotated[float, Field(ge=0, le=1440)]
    imported: bool


class NamesSettings(Settings):
    """The names of channels, and how many names are shown."""

    channels: dict[str, str]
    most: Annotated[int, Field(ge=1, le=200)]  # of each, without (other)


class WindowsSettings(Settings):
    """How long before a conversion a touch counts, in days."""

    days: Days
    campaigns: dict[str, Days]

    @property
    def longest(self) -> float:
        """The longest window, in days."""
        return max([self.days, *self.campaigns.values()])


class ModelSettings(Settings):
    """The numbers of the models by rule."""

    u_first: Share
    u_last: Share
    half_life_days: Annotated[float, Field(gt=0, le=3650)]

    @model_validator(mode="after")
    def _leaves_something(self) -> Self:
        if not 0 < self.u_first + self.u_last <= 1:
            raise ValueError("u_first and u_last together must be over 0 and at most 1")
        return self


class EvidenceSettings(Settings):
    """When there are numbers, and how their intervals are drawn."""

    min_conversions: Annotated[int, Field(ge=0)]
    draws: Annotated[int, Field(ge=20, le=2000)]
    level: Annotated[float, Field(gt=0, lt=1)]
    seed: Annotated[int, Field(ge=0)]


class AttributionSettings(Settings):
    """config/attribution.yaml."""

    period_days: Annotated[int, Field(ge=1, le=3650)]
    conversion: ConversionSettings
    touches: TouchesSettings
    names: NamesSettings
    windows: WindowsSettings
    models: ModelSettings
    evidence: EvidenceSettings

    @property
    def hash(self) -> str:
        """The first 12 hexadecimal digits of SHA-256 over all settings."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]
