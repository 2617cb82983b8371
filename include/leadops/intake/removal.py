"""Clears forms of somebody erased; a kept form's id stays, so that the same form again is known."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson
from leadops.housekeeping.old_rows import OldRows
from leadops.intake.form_hashes import hash_trace, load_hash_key
from leadops.queries import Queries

queries = Queries(__file__)


class QuarantinedBody(NamedTuple):
    """A quarantined form: what was signed, and what somebody made of it."""

    quarantine_id: int
    body: bytes
    admitted_body: str | None


def wait_for_forms(connection: Connection) -> None:
    """Wait for every statement that is storing forms; those that begin later know the hashes on record."""
    with connection.transaction():
        queries.run(connection, "wait_for_forms")


def erase_forms(connection: Connection, person: ErasedPerson, *, submission_ids: Sequence[str]) -> None:
    """Clear the forms with these ids, and delete quarantined ones that name the person."""
    queries.run(connection, "clear_forms", submission_ids=list(submission_ids))
    key = load_hash_key(connection)
    people = [hash_trace(key, "person", email) for email in person.of_kind("email")]
    queries.run(connection, "delete_traces", submission_ids=list(submission_ids), people=people)
    pattern = re.compile(person.pattern, re.IGNORECASE)
    named = [
        form.quarantine_id
        for form in queries.all(connection, "list_bodies", QuarantinedBody)
        if pattern.search(_read(bytes(form.body))) or pattern.search(form.admitted_body or "")
    ]
    queries.run(connection, "delete_quarantined", ids=named)


def _read(body: bytes) -> str:
    """Return a body in any encoding of JSON as text."""
    return body.decode(json.detect_encoding(body), "replace")


def purge_forms(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete quarantined forms that were admitted or dropped before `before`, and spam that old."""
    return queries.run(connection, "purge_forms", before=before, max_rows=max_rows)


def purge_traces(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete what forms from before `before` have in common with later ones."""
    return queries.run(connection, "purge_traces", before=before, max_rows=max_rows)


def purge_refusals(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete counts of refused forms from before `before`."""
    return queries.run(connection, "purge_refusals", before=before, max_rows=max_rows)


def remove_canary(connection: Connection, *, submission_ids: Sequence[str]) -> None:
    """Delete the forms of a simulated visitor, in the caller's transaction."""
    queries.run(connection, "remove_canary", submission_ids=list(submission_ids))
    queries.run(connection, "delete_traces", submission_ids=list(submission_ids), people=[])


OLD_ROWS = (
    OldRows("quarantined_forms", purge_forms),
    OldRows("quarantined_forms", purge_traces),
    OldRows("form_refusals", purge_refusals),
)
