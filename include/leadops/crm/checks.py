"""The checks on the CRM: is its feed fresh, and can leadops read what it sends?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, fire, form_finding
from leadops.mask import mask_text
from leadops.queries import Queries

queries = Queries(__file__)

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class FeedAge:
    """Up to when a feed is complete, and when leadops first and last read it; times in UTC.

    `as_of` is None while leadops has never reached its end; `held_back` is how far it lags on purpose.
    """

    feed: str
    as_of: datetime | None
    held_back: timedelta
    polled_at: datetime
    first_polled_at: datetime

    @property
    def complete_until(self) -> datetime:
        """Up to when nothing is missing; a feed whose end was never reached is as old as the first poll."""
        return self.first_polled_at if self.as_of is None else self.as_of + self.held_back


def list_feed_ages(connection: Connection) -> list[FeedAge]:
    """Return how far each feed of the CRM is read."""
    return queries.all(connection, "list_feeds", FeedAge)


def check_feeds(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the feeds that are older than `crm_feed_minutes`; one finding a feed.

    Between this limit and `crm_feed_clear_minutes` the status is unknown, so that a feed that goes up and
    down opens once. A feed whose end leadops never reached is as old as its first poll.
    """
    settings, findings = given.settings, list[CheckFinding]()
    for feed in list_feed_ages(connection):
        minutes = round((given.now - feed.complete_until) / MINUTE, 1)
        facts = {
            "feed": feed.feed,
            "minutes": minutes,
            "worst": minutes,
            "limit": settings.crm_feed_minutes,
            "as_of": feed.as_of.isoformat() if feed.as_of else None,
            "unread_since": None if feed.as_of else feed.first_polled_at.isoformat(),
            "polled_at": feed.polled_at.isoformat(),
        }
        if minutes > settings.crm_feed_minutes:
            findings.append(fire("crm_feed_late", facts, since=given.now))
        elif minutes > settings.crm_feed_clear_minutes:
            findings.append(form_finding("crm_feed_late", "unknown", facts, since=given.now))
    return findings


@dataclass(frozen=True)
class RefusedItems:
    """The recently refused items of one feed: their most frequent reason, and the latest item with it."""

    feed: str
    items: int
    first_at: datetime
    last_at: datetime
    reason: str
    reason_items: int
    example: str


def check_refused_items(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the feeds with items that could not be read in the last `crm_refused_hours`."""
    since = given.now - timedelta(hours=given.settings.crm_refused_hours)
    return [
        fire(
            "crm_refused",
            {
                "feed": refused.feed,
                "count": refused.items,
                "reason": mask_text(refused.reason, longest=80),
                "reason_count": refused.reason_items,
                "example": mask_text(refused.example, longest=40),
                "last_at": refused.last_at.isoformat(),
            },
            since=refused.first_at,
        )
        for refused in queries.all(connection, "count_refused", RefusedItems, since=since)
    ]


CHECKS = (
    Check("crm_feeds", ("crm_feed_late",), check_feeds),
    Check("crm_refused", ("crm_refused",), check_refused_items),
)
