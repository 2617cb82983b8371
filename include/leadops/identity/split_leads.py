"""Undoes a merge, and keeps the two leads from ever being merged again."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.identity.apply_merges import apply_merges, lock_identity
from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.plan_merges import plan_merges
from leadops.queries import Queries

queries = Queries(__file__)


class ActiveMerge(NamedTuple):
    """A merge that holds."""

    merge_id: int
    older_lead_id: int
    younger_lead_id: int


@dataclass(frozen=True)
class SplitResult:
    """The merges undone, and each lead's person afterwards where that changes (None: single again)."""

    merge_ids: list[int]
    pairs: list[tuple[int, int]]  # older, younger lead
    persons: dict[int, int | None]


def split_leads(
    connection: Connection,
    *,
    settings: IdentitySettings,
    reason: str,
    by: str,
    now: datetime,
    lead: int | None = None,
    merge_id: int | None = None,
    dry_run: bool = False,
) -> SplitResult:
    """Undo the merges of the younger `lead` with older ones, or the one merge `merge_id`, in one transaction.

    The two leads of each merge are never merged again; `reason` and `by` (who decided it) stay on record.
    Scoring, lifecycle, SLA and routing follow with their next run, as if the two had never been merged. With
    `dry_run` nothing is written. `now` is UTC. Raises PermanentError when there is no such merge.
    """
    with connection.transaction():
        lock_identity(connection)
        merges = queries.all(connection, "find_merges", ActiveMerge, lead_id=lead, merge_id=merge_id)
        if not merges:
            raise PermanentError(
                "there is no such merge, or it is undone already: give the younger lead, or --merge with a"
                " number that `leadops identity explain` shows"
            )
        pairs = [(merge.older_lead_id, merge.younger_lead_id) for merge in merges]
        leads = sorted({lead_id for pair in pairs for lead_id in pair})
        plan = plan_merges(connection, leads, settings=settings, do_not_merge=pairs)
        if not dry_run:
            decision = {"reason": reason, "by": by, "now": now}
            queries.run_many(
                connection,
                "insert_do_not_merge",
                [{"older": older, "younger": younger} | decision for older, younger in pairs],
            )
            apply_merges(connection, leads, settings=settings, now=now, undone_by=by, undone_because=reason)
    return SplitResult([merge.merge_id for merge in merges], pairs, dict(plan.persons))
