"""The checks on routing: do leads wait in a queue for too long, and is the profile of somebody missing?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, fire
from leadops.queries import Queries

queries = Queries(__file__, topic="pending")


@dataclass(frozen=True)
class OverdueQueue:
    """A queue with leads that have waited too long: since when, and up to five of them."""

    queue: str
    leads: int
    alarm_at: datetime
    oldest_at: datetime
    lead_ids: list[int]


def check_queues(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the queues in which a lead has waited longer than routing.yaml allows; one finding a queue."""
    findings = []
    for found in queries.all(connection, "list_overdue_queues", OverdueQueue, now=given.now):
        minutes = round((given.now - found.oldest_at) / timedelta(minutes=1), 1)
        facts = {
            "queue": found.queue,
            "count": found.leads,
            "minutes": minutes,
            "worst": minutes,
            "lead_ids": found.lead_ids,
        }
        findings.append(fire("queue_waiting", facts, since=found.alarm_at))
    return findings


@dataclass(frozen=True)
class UnprofiledReps:
    """Users of the CRM who get no leads for want of a profile: how many, since when, up to five of them."""

    reps: int
    since: datetime
    rep_ids: list[str]


def check_profiles(connection: Connection, _given: CheckInput) -> list[CheckFinding]:
    """Find the users of the CRM who get no leads because nobody says what they cover, take or work."""
    return [
        fire("reps_without_profile", {"count": found.reps, "rep_ids": found.rep_ids}, since=found.since)
        for found in queries.all(connection, "list_unprofiled", UnprofiledReps)
    ]


CHECKS = (
    Check("queues", ("queue_waiting",), check_queues),
    Check("profiles", ("reps_without_profile",), check_profiles),
)
