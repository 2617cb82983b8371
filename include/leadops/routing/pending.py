"""Reads what a run of routing decides on: arrived, queued and due leads, loads, account owners."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from leadops.db import Connection
from leadops.normalization.company_names import make_company_key
from leadops.queries import Queries
from leadops.routing.decide_owner import RepLoad
from leadops.routing.routing_rules import RoutingRules
from leadops.routing.team import Team

queries = Queries(__file__)


@dataclass(frozen=True)
class InboxCycle:
    """A cycle of a lead taken from the inbox; `merge_number` is set if the lead was merged or split."""

    lead_id: int
    cycle: int
    is_breach: bool
    merge_number: int | None


@dataclass(frozen=True)
class PendingCycle:
    """A cycle of a lead to decide on: it arrived, it is queued, or its recheck is due."""

    lead_id: int
    cycle: int
    is_breach: bool
    is_due: bool


@dataclass(frozen=True)
class PendingLead:
    """A pending cycle with all that the decision needs; `state` None: routing has never seen it."""

    lead_id: int
    cycle: int
    is_breach: bool
    is_due: bool
    qualified_at: datetime
    is_backfill: bool
    routed_account: str | None  # the account under which routing knows the cycle already
    account_id: int | None  # of identity
    state: str | None
    rep_id: str | None
    queue: str | None
    moves: int
    overdue: bool
    assignment_count: int
    previous_owners: list[str]
    is_contacted: bool
    accepted_by: str | None
    has_ended: bool
    crm_lead_id: int  # the lead of the person that the CRM knows
    member_ids: list[int]  # all leads of the person
    traits: Mapping[str, Any]

    @property
    def account(self) -> str:
        """The account whose owner gets it; a cycle keeps the one that it was first routed under."""
        return self.routed_account or name_account(self.lead_id, self.account_id, self.traits)

    @property
    def key(self) -> dict[str, int]:
        """The parameters that identify the cycle in SQL."""
        return {"lead_id": self.lead_id, "cycle": self.cycle}


def take_inbox(connection: Connection, *, max_cycles: int) -> list[InboxCycle]:
    """Remove up to `max_cycles` entries from the inbox, oldest first; return one row per cycle of a lead."""
    return queries.all(connection, "take_inbox", InboxCycle, max_cycles=max_cycles)


def is_inbox_empty(connection: Connection) -> bool:
    """Return whether the inbox has nothing left."""
    return bool(queries.value(connection, "is_inbox_empty"))


def list_pending_leads(
    connection: Connection, arrived: Sequence[InboxCycle], *, now: datetime
) -> list[PendingLead]:
    """Return the leads to decide on, oldest MQL first: those that `arrived`, queued ones, and due rechecks.

    A recheck is due only once the CRM's feed is complete up to its time.
    """
    cycles = queries.all(
        connection,
        "list_pending_cycles",
        PendingCycle,
        leads=[cycle.lead_id for cycle in arrived],
        cycles=[cycle.cycle for cycle in arrived],
        breaches=[cycle.is_breach for cycle in arrived],
        now=now,
    )
    return queries.all(
        connection,
        "describe_leads",
        PendingLead,
        leads=[cycle.lead_id for cycle in cycles],
        cycles=[cycle.cycle for cycle in cycles],
        breaches=[cycle.is_breach for cycle in cycles],
        dues=[cycle.is_due for cycle in cycles],
    )


class RepLoads:
    """What each salesperson was given so far, live and backfill apart; counts what the run itself assigns."""

    def __init__(self, live: dict[str, RepLoad], backfill: dict[str, RepLoad]) -> None:
        self._live, self._backfill = live, backfill

    def of(self, *, is_backfill: bool) -> Mapping[str, RepLoad]:
        """Return the loads that count for live or for backfill leads."""
        return self._backfill if is_backfill else self._live

    def add_lead(self, rep_id: str, *, is_backfill: bool, now: datetime) -> None:
        """Count one more lead; ignores a salesperson whom the CRM does not list."""
        load = (self._backfill if is_backfill else self._live).get(rep_id)
        if load is not None:
            load.today += 1
            load.served += 1
            load.last_at = now


class LoadRow(NamedTuple):
    """The assignments of one salesperson, counted."""

    rep_id: str
    today: int
    served: int
    backfill_served: int
    last_at: datetime | None
    last_backfill_at: datetime | None


def read_loads(connection: Connection, *, team: Team, rules: RoutingRules, now: datetime) -> RepLoads:
    """Return the loads of `team` at `now`: since each one's own midnight, and in the last `window_days`."""
    rows = queries.all(
        connection,
        "read_loads",
        LoadRow,
        reps=[rep.rep_id for rep in team],
        day_starts=[rep.day_start(now) for rep in team],
        since=now - timedelta(days=rules.window_days),
    )
    return RepLoads(
        live={row.rep_id: RepLoad(row.today, row.served, row.last_at) for row in rows},
        backfill={row.rep_id: RepLoad(0, row.backfill_served, row.last_backfill_at) for row in rows},
    )


class AccountOwner(NamedTuple):
    """An account and the salesperson who owns it."""

    account: str
    rep_id: str


def read_account_owners(connection: Connection, accounts: list[str]) -> dict[str, str]:
    """Return the owner of each of `accounts` that has one."""
    return dict(queries.all(connection, "read_account_owners", AccountOwner, accounts=accounts))


def name_account(lead_id: int, account_id: int | None, traits: Mapping[str, Any]) -> str:
    """Return the account: the one that identity assigned, else the company's name, else the lead itself.

    Names are compared without case, width and legal form; a name that names no company (N/A, 個人) is not an
    account.
    """
    if account_id is not None:
        return f"account:{account_id}"
    company = make_company_key(str(traits.get("company") or ""))
    if company is not None:
        return f"company:{hashlib.md5(company.encode(), usedforsecurity=False).hexdigest()}"
    return f"lead:{lead_id}"
