"""Separates a lead from its person, or undoes one merge, and keeps the two sides from being merged again."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import psycopg

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.identity.apply_merges import apply_merges, follow_settings, lock_identity
from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.merge_people import KeptTie, Merge
from leadops.identity.plan_merges import compare_people, read_evidence
from leadops.identity.plan_split import SplitPlan, plan_split
from leadops.queries import Queries

queries = Queries(__file__, topic="merges")


class ActiveMerge(NamedTuple):
    """A merge that holds."""

    older_lead_id: int
    younger_lead_id: int


@dataclass(frozen=True)
class SplitResult:
    """Who left whom, and what that means for others."""

    parted: list[int]  # leads that left the person
    rest: list[int]  # leads that stayed
    persons: dict[int, int | None]  # each lead's person where that changes (None: single again)
    kept: list[KeptTie]  # leads that stay one person although only a lead that left tied them
    apart: list[Merge]  # new ties that the split made possible, and forbade
    joined: list[Merge]  # new ties that count, because that was asked for


def split_leads(
    connection: Connection,
    *,
    settings: IdentitySettings,
    reason: str,
    by: str,
    now: datetime,
    lead: int | None = None,
    merge_id: int | None = None,
    join: bool = False,
    dry_run: bool = False,
) -> SplitResult:
    """Separate `lead` from everybody in its person, or the two sides of the merge `merge_id`, for good.

    Nobody else gets or loses a partner: what the split would newly tie stays apart unless `join` is set.
    `reason` and `by` (who decided it) stay on record. Scoring, lifecycle, SLA and routing follow with their
    next run, as if the two sides had never been merged. With `dry_run` all is rolled back. `now` is UTC.
    Raises PermanentError when `lead` has no other lead or there is no such merge.
    """
    with connection.transaction() as transaction:
        lock_identity(connection)
        follow_settings(connection, settings=settings, now=now)
        merge = None
        if merge_id is not None:
            merge = queries.first(connection, "find_merge", ActiveMerge, merge_id=merge_id)
            lead = merge.older_lead_id if merge else None
        evidence = read_evidence(connection, [lead] if lead else [], settings=settings)
        if lead is None or lead not in evidence.related.persons:
            raise PermanentError(
                "there is nothing to split: this lead is a person of its own, or there is no such merge any"
                " more. `leadops identity explain` shows the leads and merges of a person"
            )
        plan = plan_split(evidence, lead=lead, merge=merge, join=join, settings=settings)
        _record(connection, plan, reason=reason, by=by, now=now)
        leads = sorted({*plan.parted, *plan.rest, *(lead for pair in plan.pairs for lead in pair)})
        apply_merges(connection, leads, settings=settings, now=now, undone_by=by, undone_because=reason)
        result = SplitResult(
            plan.parted,
            plan.rest,
            dict(compare_people(evidence.related, plan.people).persons),
            plan.kept,
            apart=[] if join else plan.new_ties,
            joined=plan.new_ties if join else [],
        )
        if dry_run:
            raise psycopg.Rollback(transaction)
    return result


def _record(connection: Connection, plan: SplitPlan, *, reason: str, by: str, now: datetime) -> None:
    decision = {"reason": reason, "by": by, "now": now}
    queries.run_many(
        connection,
        "insert_do_not_merge",
        [{"older": older, "younger": younger} | decision for older, younger in plan.pairs],
    )
    queries.run_many(connection, "insert_kept_tie", [tie._asdict() | decision for tie in plan.kept])
