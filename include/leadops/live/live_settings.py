"""The settings of live lanes: config/live.yaml."""

from datetime import timedelta

from pydantic import Field

from leadops.settings import Settings


class LiveSettings(Settings):
    """config/live.yaml: whether live lanes work, and how small their rounds are."""

    enabled: bool
    round_seconds: float = Field(ge=0, le=60)  # from the start of a round to that of the next
    poll_seconds: float = Field(gt=0, le=60)  # between two looks without a notification
    events_per_round: int = Field(ge=1)
    leads_per_round: int = Field(ge=1)

    @property
    def round_pause(self) -> timedelta:
        """The least time from the start of a round to that of the next."""
        return timedelta(seconds=self.round_seconds)
