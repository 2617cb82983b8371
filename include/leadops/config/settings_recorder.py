"""Writes what a reader of settings found, once for each section."""

import logging
from collections.abc import Callable

import psycopg

from leadops.db import Connection
from leadops.errors import LeadopsError

log = logging.getLogger(__name__)


class SettingsRecorder:
    """Records in the database what one reader found; with `records` False nothing is written.

    With `needs_database` False a database that does not answer, or takes no writes, is only logged.
    """

    def __init__(
        self, open_database: Callable[[], Connection], *, records: bool, needs_database: bool
    ) -> None:
        self.open_database, self.records, self.needs_database = open_database, records, needs_database
        self._noted: set[str] = set()

    def must_note(self, name: str) -> bool:
        """Whether the outcome of reading a section has to be on record: once for each recorder."""
        if not self.records or name in self._noted:
            return False
        self._noted.add(name)
        return True

    def write(self, write: Callable[[Connection], None]) -> None:
        """Write to the database; where it is not needed, one that takes no writes is only logged."""
        try:
            with self.open_database() as connection:
                write(connection)
        except (psycopg.Error, LeadopsError) as error:
            if self.needs_database:
                raise
            log.info("settings are not recorded: %s", type(error).__name__)
