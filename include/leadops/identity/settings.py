"""What identity reads out of events: the model of config/identity.yaml."""

from typing import Annotated

from pydantic import Field

from leadops.settings import Settings

Names = Annotated[list[str], Field(min_length=1)]


class IdentitySettings(Settings):
    """Which events tell something of a person, and under which property names they tell it."""

    trait_events: list[str]  # event names whose properties are facts about the person
    traits: dict[str, Names]  # trait -> property names, the first one present counts
    first_name: Names  # property names, the first one present counts; sent to the MA with a new lead
    last_name: Names  # as first_name
    chunk_events: int = Field(default=500_000, ge=1)  # events a transaction
