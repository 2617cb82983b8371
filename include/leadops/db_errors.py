"""What the database's refusals are called: one line of ours, for psycopg's own words quote the data."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from leadops.errors import LeadopsError, PermanentError, TransientError

#: Tables, columns or schemas that this version expects are not there.
NOT_MIGRATED = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
    psycopg.errors.InvalidSchemaName,
)
#: SQLSTATE classes of what passes: the connection, a conflict, resources, a lock or time-out, an operator.
PASSING = ("08", "40", "53", "55", "57")


def explain_database_error(error: psycopg.Error) -> LeadopsError:
    """Return `error` as one of ours: its class, its SQLSTATE and what to do, none of the server's words."""
    name = f"the database refused ({type(error).__name__}, SQLSTATE {error.sqlstate or 'none'})"
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return PermanentError(f"{name}; run `leadops migrate --roles`, then `leadops check database`")
    if isinstance(error, NOT_MIGRATED):
        return PermanentError(f"{name}; run `leadops migrate`")
    broken = error.sqlstate is None and isinstance(error, psycopg.OperationalError)
    if broken or (error.sqlstate or "").startswith(PASSING):
        return TransientError(f"{name}; try again")
    return PermanentError(f"{name}; the PostgreSQL log of this time says more")


@contextmanager
def database_errors_in_one_line() -> Iterator[None]:
    """Let psycopg's errors leave as ours, without psycopg's as their cause; also usable as a decorator."""
    try:
        yield
    except psycopg.Error as error:
        raise explain_database_error(error) from None
    except LeadopsError as error:
        if isinstance(error.__cause__, psycopg.Error):
            raise error from None
        raise
