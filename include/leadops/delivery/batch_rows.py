"""Which rows of the ledger a call to the MA was made of."""

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.queries import Queries

queries = Queries(__file__, topic="calls")


def list_batch_rows(connection: Connection, batch_id: int) -> list[int]:
    """Return the rows of batch `batch_id` by their numbers, also of one that is settled.

    Raises PermanentError where there is no such batch, or it stood for no new points.
    """
    seqs: list[int] | None = queries.value(connection, "list_batch_rows", batch_id=batch_id)
    if seqs is None:
        raise PermanentError(f"there is no batch {batch_id}: old ones are deleted; give --since and --until")
    if not seqs:
        raise PermanentError(f"batch {batch_id} repeated totals, it brought no new points")
    return seqs
