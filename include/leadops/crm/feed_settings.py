"""How the feeds of other systems are read (config/feeds.yaml)."""

from datetime import timedelta

from pydantic import Field

from leadops.settings import Settings


class FeedReading(Settings):
    """How one feed is read."""

    overlap_seconds: float = Field(ge=0, le=86_400)

    @property
    def overlap(self) -> timedelta:
        """How far each poll goes back before the last row that it knows."""
        return timedelta(seconds=self.overlap_seconds)


class FeedSettings(Settings):
    """config/feeds.yaml."""

    crm: FeedReading
