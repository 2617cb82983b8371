"""Undoes a join, and sees to it that the two leads are never joined again."""

from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection, load_sql
from leadops.errors import PermanentError
from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.rejoin import plan_regrouping, rejoin_leads
from leadops.identity.resolve import take_turn


@dataclass(frozen=True)
class Split:
    """The joins undone, and whose each lead is afterwards where that changes (None: a person of its own)."""

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
) -> Split:
    """Undo the joins of the younger `lead` to older ones, or the one join `merge_id`, in one transaction.

    The two leads of each join are separated for good, on record with `reason` and who (`by`) wanted it.
    Scoring, lifecycle, SLA and routing follow with their next run, as if the two had never been joined. With
    `dry_run` nothing is written. `now` is UTC. Raises PermanentError when there is no such join.
    """
    with connection.transaction():
        take_turn(connection)
        found = connection.execute(
            load_sql("leadops.identity", "find_merges"), {"lead_id": lead, "merge_id": merge_id}
        ).fetchall()
        if not found:
            raise PermanentError(
                "there is no such join, or it is undone already: give the younger lead, or --merge with a"
                " number of `leadops identity explain`"
            )
        pairs = [(older, younger) for _, older, younger in found]
        ends = sorted({end for pair in pairs for end in pair})
        plan = plan_regrouping(connection, ends, settings=settings, separations=pairs)
        if not dry_run:
            values = {"reason": reason, "by": by, "now": now}
            connection.cursor().executemany(
                load_sql("leadops.identity", "separate_leads"),
                [{"older": older, "younger": younger} | values for older, younger in pairs],
            )
            rejoin_leads(connection, ends, settings=settings, now=now, undone_by=by, undone_because=reason)
    return Split([merge for merge, _, _ in found], pairs, dict(plan.persons))
