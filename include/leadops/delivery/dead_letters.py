"""Dead letters: what another system refused for good; a person retries or discards them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from leadops.db import Connection
from leadops.delivery.build_batches import hold_deltas
from leadops.delivery.operations import OPERATIONS, operations_following
from leadops.delivery.outbox import OutboxState, close_effect
from leadops.queries import Queries

queries = Queries(__file__)


class DeadLetterState(StrEnum):
    """The state of a dead letter: open until a person retries or discards it, or says that it took effect."""

    OPEN = "open"
    RETRIED = "retried"
    DROPPED = "dropped"
    APPLIED = "applied"


@dataclass(frozen=True)
class DeadLetter:
    """One refusal: an effect of the outbox (`reference` = outbox_id) or a delta (ledger seq)."""

    dead_letter_id: int
    target: str
    kind: str
    reference: int
    lead_id: int | None
    points: int | None
    reason: str
    died_at: datetime
    state: str


@dataclass(frozen=True)
class DeadLetterCount:
    """The open dead letters of a target."""

    target: str
    letters: int
    oldest_at: datetime


def dead_letter_delta(connection: Connection, seq: int, *, target: str, reason: str, now: datetime) -> None:
    """Record one ledger row as a dead letter."""
    queries.run(connection, "insert_delta", ledger_seq=seq, target=target, reason=reason, now=now)


def bury_effect(
    connection: Connection, outbox_id: int, lead_id: int | None, *, target: str, reason: str, now: datetime
) -> str:
    """Make an effect of the outbox a dead letter; return `reason`."""
    close_effect(connection, outbox_id, state=OutboxState.DEAD, error=reason, now=now)
    queries.run(
        connection,
        "insert_effect",
        target=target,
        outbox_id=outbox_id,
        lead_id=lead_id,
        reason=reason,
        now=now,
    )
    return reason


def dead_letter_correction(connection: Connection, correction_id: int, *, reason: str, now: datetime) -> None:
    """Record the effect of a correction, which counted as done, as a dead letter."""
    queries.run(connection, "insert_correction", correction_id=correction_id, reason=reason, now=now)


def list_dead_letters(
    connection: Connection, *, target: str | None = None, ids: list[int] | None = None
) -> list[DeadLetter]:
    """Return and lock the open dead letters, oldest first; of one target or of given ids where asked."""
    locked = queries.values(connection, "lock_open", target=target, ids=ids)
    return read_dead_letters(connection, ids=locked)


def read_dead_letters(
    connection: Connection,
    *,
    ids: list[int] | None = None,
    target: str | None = None,
    state: str = DeadLetterState.OPEN,
    after: int = 0,
    max_rows: int | None = None,
) -> list[DeadLetter]:
    """Return dead letters of `state` with a number above `after`, oldest first; nothing is locked.

    At most `max_rows` (None: all), of given ids or of one target where asked.
    """
    return queries.all(
        connection,
        "read_letters",
        DeadLetter,
        ids=ids,
        target=target,
        state=state,
        after=after,
        max_rows=max_rows,
    )


def count_dead_letters(connection: Connection) -> list[DeadLetterCount]:
    """Return how many dead letters of each target wait for a person, and since when."""
    return queries.all(connection, "count_letters", DeadLetterCount)


def retry_dead_letters(connection: Connection, letters: list[DeadLetter], *, now: datetime) -> int:
    """Send `letters` again with the next push, in the caller's transaction; return how many.

    An effect that a newer one of its kind has replaced, such as another owner of the lead, is discarded:
    sent now, it would undo the newer one.
    """
    superseded_ids = set(
        queries.values(
            connection,
            "discard_superseded",
            outbox_ids=_outbox_ids(letters),
            replacing=_operations_replacing(),
            now=now,
        )
    )
    superseded = [
        letter for letter in letters if letter.kind == "effect" and letter.reference in superseded_ids
    ]
    retried = [letter for letter in letters if letter not in superseded]
    queries.run(connection, "retry_effects", outbox_ids=_outbox_ids(retried))
    for target in {letter.target for letter in retried}:
        seqs = [letter.reference for letter in retried if (letter.kind, letter.target) == ("delta", target)]
        hold_deltas(connection, seqs, target=target)
    _close(connection, retried, state=DeadLetterState.RETRIED, now=now)
    _close(connection, superseded, state=DeadLetterState.DROPPED, now=now)
    return len(retried)


def hold_lead_letters(
    connection: Connection, lead_ids: Collection[int], *, target: str, now: datetime
) -> None:
    """Let the open dead letters of leads that `target` has lost follow the leads, in the transaction.

    Score changes are held with the others of the lead. A correction is dropped: when the lead is there
    again, its total is compared. What else was refused for a lost lead waits until then.
    """
    if not lead_ids:
        return
    locked = queries.values(connection, "lock_of_leads", target=target, lead_ids=list(lead_ids))
    letters = read_dead_letters(connection, ids=locked)
    corrections = set(queries.values(connection, "find_corrections", outbox_ids=_outbox_ids(letters)))
    dropped = [letter for letter in letters if letter.kind == "effect" and letter.reference in corrections]
    queries.run(connection, "discard_effects", outbox_ids=_outbox_ids(dropped), now=now)
    _close(connection, dropped, state=DeadLetterState.DROPPED, now=now)
    retry_dead_letters(connection, [letter for letter in letters if letter not in dropped], now=now)


def accept_lead_letters(
    connection: Connection, *, target: str, external_id: str, reason: str, now: datetime
) -> int:
    """Close the score changes of a lead of `target` that died for `reason`; return the sum of their points.

    In the caller's transaction, which sees to it that the target has these points.
    """
    points: list[int] = queries.values(
        connection, "accept_of_lead", target=target, external_id=external_id, reason=reason, now=now
    )
    return sum(points)


def accept_dead_letters(connection: Connection, letters: list[DeadLetter], *, now: datetime) -> None:
    """Close `letters` whose points the target turned out to have, in the caller's transaction."""
    _close(connection, letters, state=DeadLetterState.APPLIED, now=now)


def discard_dead_letters(connection: Connection, letters: list[DeadLetter], *, now: datetime) -> list[int]:
    """Discard `letters`, in the caller's transaction; return the ledger rows to write off now.

    With the creation of a lead that the target does not know, everything that waits for the lead's id there
    is discarded too.
    """
    outbox_ids = _outbox_ids(letters)
    queries.run(connection, "discard_effects", outbox_ids=outbox_ids, now=now)
    queries.run(
        connection,
        "discard_followers",
        outbox_ids=outbox_ids,
        with_id=_operations_with_id(),
        following=operations_following("crm"),
        now=now,
    )
    held_seqs = queries.values(connection, "discard_held", outbox_ids=outbox_ids)
    _close(connection, letters, state=DeadLetterState.DROPPED, now=now)
    return [letter.reference for letter in letters if letter.kind == "delta"] + held_seqs


def _outbox_ids(letters: list[DeadLetter]) -> list[int]:
    return [letter.reference for letter in letters if letter.kind == "effect"]


def _operations_with_id() -> list[str]:
    """Return the operations that need the target's id of the lead."""
    return [name for (_, name), operation in OPERATIONS.items() if operation.needs_id]


def _operations_replacing() -> list[str]:
    """Return the operations of which, for one lead, only the latest may take effect."""
    return [
        name
        for (_, name), operation in OPERATIONS.items()
        if operation.needs_id and not operation.stands_alone
    ]


def _close(
    connection: Connection, letters: list[DeadLetter], *, state: DeadLetterState, now: datetime
) -> None:
    ids = [letter.dead_letter_id for letter in letters]
    queries.run(connection, "close", ids=ids, state=state, now=now)
