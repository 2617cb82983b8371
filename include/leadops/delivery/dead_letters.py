"""What the other side refused for good: listed, sent again once the cause is gone, or dropped."""

from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection, load_sql
from leadops.delivery.operations import OPERATIONS


@dataclass(frozen=True)
class DeadLetter:
    """One refused thing: an effect of the outbox (`reference` = outbox_id) or a delta (ledger seq)."""

    dead_letter_id: int
    target: str
    kind: str
    reference: int
    lead_id: int | None
    points: int | None
    reason: str
    died_at: datetime
    state: str


def list_dead_letters(
    connection: Connection, *, target: str | None = None, ids: list[int] | None = None
) -> list[DeadLetter]:
    """Return the open dead letters, oldest first; of one target or of given ids where asked."""
    rows = connection.execute(
        load_sql("leadops.delivery", "list_dead_letters"), {"target": target, "ids": ids}
    )
    return [DeadLetter(*row) for row in rows]


def retry_dead_letters(connection: Connection, letters: list[DeadLetter], *, now: datetime) -> int:
    """Let `letters` go out again with the next push, in the caller's transaction; return how many do.

    One whose wish was followed by a newer one of its kind, such as another owner of the lead, is dropped
    instead: sent now, it would undo the newer.
    """
    effects = [letter.reference for letter in letters if letter.kind == "effect"]
    values = {"outbox_ids": effects, "with_id": _with_id(), "now": now}
    dropped = connection.execute(load_sql("leadops.delivery", "drop_superseded"), values).fetchall()
    old = {("effect", outbox_id) for (outbox_id,) in dropped}
    superseded = [letter for letter in letters if (letter.kind, letter.reference) in old]
    again = [letter for letter in letters if letter not in superseded]
    effects = [letter.reference for letter in again if letter.kind == "effect"]
    connection.execute(load_sql("leadops.delivery", "retry_effects"), {"outbox_ids": effects})
    for target in {letter.target for letter in again}:
        seqs = [letter.reference for letter in again if (letter.kind, letter.target) == ("delta", target)]
        connection.execute(load_sql("leadops.delivery", "hold_deltas"), {"target": target, "seqs": seqs})
    _close(connection, again, state="retried", now=now)
    _close(connection, superseded, state="dropped", now=now)
    return len(again)


def discard_dead_letters(connection: Connection, letters: list[DeadLetter], *, now: datetime) -> list[int]:
    """Give `letters` up, in the caller's transaction; return the ledger rows that must be written off now.

    With the creation of a lead that the target does not know, all goes that waits for the lead's id there.
    """
    effects = [letter.reference for letter in letters if letter.kind == "effect"]
    connection.execute(
        "update delivery.outbox set state = 'dropped', settled_at = %s where outbox_id = any(%s)",
        [now, effects],
    )
    connection.execute(
        load_sql("leadops.delivery", "drop_followers"),
        {
            "outbox_ids": effects,
            "with_id": _with_id(),
            "now": now,
        },
    )
    held = connection.execute(
        load_sql("leadops.delivery", "release_held"), {"outbox_ids": effects}
    ).fetchall()
    _close(connection, letters, state="dropped", now=now)
    return [letter.reference for letter in letters if letter.kind == "delta"] + [seq for (seq,) in held]


def _with_id() -> list[str]:
    """Return the operations of which, for one lead, the last wish wins."""
    return [name for (_, name), operation in OPERATIONS.items() if operation.needs_id]


def _close(connection: Connection, letters: list[DeadLetter], *, state: str, now: datetime) -> None:
    ids = [letter.dead_letter_id for letter in letters]
    connection.execute(
        load_sql("leadops.delivery", "close_dead_letters"), {"ids": ids, "state": state, "now": now}
    )
