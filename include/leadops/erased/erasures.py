"""The record of erasures: when, by whom, which leads, and the hashes that keep the person out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection
from leadops.erased.entrance import load_key_checks
from leadops.erased.erased_filter import ErasedFilter
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class Erasure:
    """An erasure on record; times in UTC, None for what has not happened yet."""

    erasure_id: int
    lead_ids: list[int]
    erased_at: datetime
    day_ends_at: datetime
    erased_by: str
    targets: list[str]
    key_check: str
    applied_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True)
class ErasedIdentifier:
    """The hash of an identifier of somebody erased."""

    hash: str
    erasure_id: int
    erased_at: datetime
    day_ends_at: datetime
    returned_at: datetime | None


@dataclass(frozen=True)
class RecordDifference:
    """How many erasures a saved record has, and how many of either side the other one lacks."""

    saved: int
    unknown_here: int  # of the saved record; the database is from before them
    not_saved: int  # of the database; the saved record is from before them


def record_erasure(
    connection: Connection,
    *,
    lead_ids: Sequence[int],
    hashes: Collection[str],
    erased_by: str,
    erased_at: datetime,
    day_ends_at: datetime,
    key_check: str,
) -> int:
    """Put an erasure and its hashes on record, in the caller's transaction; return its number.

    The same leads have one record: a second call renews the hashes. A person who came back and is erased once
    more is kept out from then on.
    """
    erasure_id: int = queries.value(
        connection,
        "insert_erasure",
        lead_ids=list(lead_ids),
        erased_by=erased_by[:100],
        erased_at=erased_at,
        day_ends_at=day_ends_at,
        key_check=key_check,
    )
    queries.run(
        connection,
        "insert_hashes",
        known_hashes=sorted(set(hashes)),
        erasure_id=erasure_id,
        erased_at=erased_at,
        day_ends_at=day_ends_at,
    )
    return erasure_id


def note_applied(connection: Connection, erasure_id: int, *, targets: Collection[str], now: datetime) -> None:
    """Record that the tables are clear of the person, and which systems were asked to erase it too."""
    queries.run(connection, "note_applied", erasure_id=erasure_id, targets=sorted(targets), now=now)


def note_finished(connection: Connection, erasure_id: int, *, now: datetime) -> None:
    """Record that nothing is left to be done."""
    queries.run(connection, "note_finished", erasure_id=erasure_id, now=now)


def list_erasures(connection: Connection, *, only_open: bool = False) -> list[Erasure]:
    """Return the erasures on record, the newest first; `only_open`: those with a call under way."""
    return queries.all(connection, "list_erasures", Erasure, only_open=only_open)


def list_hashes(connection: Connection) -> list[ErasedIdentifier]:
    """Return every hash on record."""
    return queries.all(connection, "list_hashes", ErasedIdentifier)


def find_kept_out(
    connection: Connection,
    erased: ErasedFilter,
    identifiers: Sequence[tuple[str, str, datetime]],
    *,
    is_proven: bool,
) -> set[tuple[str, str]]:
    """Return the (kind, value) of those `identifiers` (kind, value, when it happened) that are to stay out.

    `is_proven`: what says so is proof, so that what happened after the day of the erasure passes. Raises
    ErasureKeyError where somebody was erased and the key is missing.
    """
    if not erased.is_needed:
        checks = load_key_checks(connection)
        if not checks:
            return set()
        erased.require(checks)
    hashed = [
        (place, each)
        for place, (kind, value, _) in enumerate(identifiers)
        for each in erased.hash_identifier(kind, value)
    ]
    places: list[int] = queries.values(
        connection,
        "find_kept_out",
        places=[place for place, _ in hashed],
        known_hashes=[each for _, each in hashed],
        times=[identifiers[place][2] for place, _ in hashed],
        is_proven=is_proven,
    )
    return {identifiers[place][:2] for place in places}


def compare_record(
    connection: Connection, erasures: Sequence[Erasure], hashes: Sequence[ErasedIdentifier]
) -> RecordDifference:
    """Compare a saved record with this database's.

    An erasure is known where each of its hashes is, from that time or later: the same person may be erased
    once more.
    """
    here = list_hashes(connection)
    return RecordDifference(
        len(erasures), len(_find_unknown(hashes, known=here)), len(_find_unknown(here, known=hashes))
    )


def _find_unknown(hashes: Sequence[ErasedIdentifier], *, known: Sequence[ErasedIdentifier]) -> set[int]:
    since = {each.hash: each.erased_at for each in known}
    return {each.erasure_id for each in hashes if each.hash not in since or since[each.hash] < each.erased_at}


def restore_record(
    connection: Connection, erasures: Sequence[Erasure], hashes: Sequence[ErasedIdentifier]
) -> int:
    """Add what a saved record knows and this database does not; return how many hashes are new.

    For a restored backup: its own record ends with the backup.
    """
    numbers = {
        erasure.erasure_id: record_erasure(
            connection,
            lead_ids=erasure.lead_ids,
            hashes=(),
            erased_by=erasure.erased_by,
            erased_at=erasure.erased_at,
            day_ends_at=erasure.day_ends_at,
            key_check=erasure.key_check,
        )
        for erasure in erasures
    }
    return sum(
        queries.run(
            connection,
            "restore_hash",
            hash=each.hash,
            erasure_id=numbers[each.erasure_id],
            erased_at=each.erased_at,
            day_ends_at=each.day_ends_at,
            returned_at=each.returned_at,
        )
        for each in hashes
    )
