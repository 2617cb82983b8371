"""Removes an erased person from the versions of the personal marts; the others name nobody."""

from datetime import datetime

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson
from leadops.locks import Lock, hold_lock
from leadops.marts.mart_contract import read_contract
from leadops.queries import Queries

queries = Queries(__file__)


def erase_versions(connection: Connection, person: ErasedPerson, *, now: datetime) -> None:
    """Replace what personal marts say of the leads by rows that are deleted, in the caller's transaction.

    Whoever reads by change number learns of it like of every other change.
    """
    hold_lock(connection, Lock.MARTS)
    for name, mart in read_contract().marts.items():
        if mart.meta.personal:
            queries.run(
                connection,
                "erase_versions",
                mart=name,
                kept=[*mart.meta.key, "happened_at"],
                lead_ids=person.lead_ids,
                now=now,
            )
