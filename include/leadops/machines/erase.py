"""Clears the acts of somebody erased; whether a machine did them stays."""

from dataclasses import asdict

from leadops.db import Connection
from leadops.erased.erased_person import ErasedPerson
from leadops.machines.allow_acts import AllowedActs
from leadops.queries import Queries

queries = Queries(__file__)


def erase_acts(connection: Connection, person: ErasedPerson) -> None:
    """Take identifiers out of the names of mails and links, and out of reasons, of everybody's acts."""
    queries.run(connection, "clear_acts", pattern=person.pattern)
    queries.run(connection, "clear_verdicts", pattern=person.pattern)
    for allowed in queries.all(connection, "clear_allowed", AllowedActs, pattern=person.pattern):
        queries.run(connection, "allow_again", **asdict(allowed))
