"""A database that was just filled, brought to rest, so that only what is asked for is timed."""

from leadops.db import Connection


def settle(connection: Connection) -> None:
    """Commit, vacuum and analyse as autovacuum would have done by now, and write out what was filled."""
    connection.commit()
    connection.autocommit = True
    connection.execute("vacuum analyze")
    connection.execute("checkpoint")
    connection.autocommit = False
