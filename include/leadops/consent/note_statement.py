"""What a person said to an operator about mail: by letter, by phone, in a meeting."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.lanes import Lane
from leadops.queries import Queries

queries = Queries(__file__, topic="read_consent")


def note_statement(
    connection: Connection,
    lead_id: int,
    word: Literal["opt_out", "opt_in"],
    *,
    noted_by: str,
    because: str,
    now: datetime,
) -> None:
    """Note that a person wants no mail from `now` on (UTC), or wants it again, in the caller's transaction.

    `because` says how that is known. An opt-in without it raises PermanentError: nobody may invent one.
    """
    if word == "opt_in" and not because.strip():
        raise PermanentError("an opt-in needs a reason: say when and how the person asked for mail")
    queries.run(
        connection,
        "insert_statement",
        lead_id=lead_id,
        word=word,
        noted_by=noted_by[:200],
        because=because.strip()[:1000],
        now=now,
    )
    queries.run(connection, "enqueue_lead", lead_id=lead_id)


def note_imported_opt_outs(
    connection: Connection, said: Mapping[int, datetime], *, now: datetime
) -> set[int]:
    """Note opt-outs of an export, each lead with when it was said (UTC); return the leads new to it.

    An opt-out is new to a lead that has none of an import, and so is a later one. One that is as of `now` may
    be an old one without its time: it is new only to a lead without any, so the same file again says nothing.
    They are passed on in the backfill lane, in the caller's transaction.
    """
    if not said:
        return set()
    noted = queries.values(
        connection,
        "insert_imported",
        lead_ids=list(said),
        said=list(said.values()),
        lane=Lane.BACKFILL,
        now=now,
    )
    return set(noted)
