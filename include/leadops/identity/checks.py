"""The checks on identity: guard findings, a flood of claims, a jump of events from own networks."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.events.site_traffic import count_traffic
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, fire, form_finding
from leadops.queries import Queries

queries = Queries(__file__)

#: The share of these days before the window is the usual one: a whole week, whatever its weekend.
USUAL = timedelta(days=7)


@dataclass(frozen=True)
class GuardViolations:
    """What one guard stopped, and up to five leads that are involved."""

    guard: str
    violations: int
    first_at: datetime
    kinds: list[str]
    lead_ids: list[int]


def check_guards(connection: Connection, given: CheckInput) -> list[CheckFinding]:  # noqa: ARG001
    """Find the guards with violations that nobody has settled; one finding a guard."""
    return [
        fire(
            "identity_guard",
            {
                "guard": found.guard,
                "count": found.violations,
                "kinds": found.kinds,
                "lead_ids": found.lead_ids,
            },
            since=found.first_at,
        )
        for found in queries.all(connection, "count_violations", GuardViolations)
    ]


@dataclass(frozen=True)
class ClaimCounts:
    """Events within the window that name somebody without proof, by reason, and all events."""

    claims: int
    proven_lead: int
    only_claimed: int
    unproven_id: int
    browsers: int  # different ones that sent claims
    events: int


def check_claims(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Compare the events that name somebody without proof with all events."""
    limits = given.settings.claims_flood
    counts = queries.first(
        connection,
        "count_claims",
        ClaimCounts,
        since=given.now - limits.window,
        ignored=list(limits.ignored),
        least=limits.min_count / 2,
    )
    status = limits.classify(counts.claims, counts.events) if counts else "ok"
    if counts is None or status == "ok":
        return []
    facts = {
        "count": counts.claims,
        "window": limits.window_minutes,
        "percent": round(100 * counts.claims / counts.events, 1),
        "proven_lead": counts.proven_lead,
        "only_claimed": counts.only_claimed,
        "unproven_id": counts.unproven_id,
        "browsers": counts.browsers,
    }
    return [form_finding("claims_flood", status, facts, since=given.now)]


@dataclass(frozen=True)
class NetworkCounts:
    """Browsers' events whose network is known, those from own networks, in the window and in the days before.

    `leads` count for nothing for their networks since the window began.
    """

    located_events: int
    own_events: int
    usual_located_events: int
    usual_own_events: int
    leads: int


def check_networks(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Compare the share of events from own networks with that of the days before; without those it is 0."""
    limits = given.settings.own_network_share
    until = count_traffic(connection, now=given.now).counted_until
    since = until - limits.window
    counts = queries.one(
        connection, "count_networks", NetworkCounts, since=since, usual_since=since - USUAL, until=until
    )
    usual = counts.usual_own_events / counts.usual_located_events if counts.usual_located_events else 0.0
    status = limits.classify(counts.own_events, counts.located_events, usual=usual)
    if status == "ok":
        return []
    facts = {
        "count": counts.own_events,
        "window": limits.window_hours * 60,
        "percent": round(100 * counts.own_events / counts.located_events, 1),
        "usual": round(100 * usual, 1),
        "leads": counts.leads,
    }
    return [form_finding("own_network_share", status, facts, since=given.now)]


CHECKS = (
    Check("identity", ("identity_guard",), check_guards),
    Check("claims", ("claims_flood",), check_claims),
    Check("networks", ("own_network_share",), check_networks),
)
