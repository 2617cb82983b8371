"""The settings of the canary: config/canary.yaml."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from leadops.canary.hops import HOPS
from leadops.settings import Settings

Minutes = Annotated[float, Field(gt=0, le=10_080)]


class CanarySettings(Settings):
    """config/canary.yaml: whether it runs, where it writes, and from when on a hop is late."""

    enabled: bool
    writes_to: frozenset[Literal["ma", "crm"]]
    visitor_hours: float = Field(ge=1, le=168)
    give_up_hours: float = Field(ge=1, le=168)
    watch_seconds: float = Field(ge=0, le=120)
    late_after_minutes: Mapping[str, Minutes]

    @model_validator(mode="after")
    def _must_name_every_hop(self) -> "CanarySettings":
        if set(self.late_after_minutes) != set(HOPS):
            raise ValueError(f"late_after_minutes must name each of {', '.join(HOPS)}, and nothing else")
        return self
