"""A stage that fails waits before its next try, longer each time, and keeps no other stage back."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from leadops.db import Connection
from leadops.errors import LeadopsError

log = logging.getLogger(__name__)

#: The first pause after a failure, doubled each time, and the longest.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=1)
#: Characters of an error that are kept: those of all stages go into one column.
LONGEST_PROBLEM = 400


@dataclass(frozen=True)
class StageFailure:
    """What is wrong with a stage, since when, how often it was tried, and when it is tried again (UTC)."""

    problem: str
    since: datetime
    tries: int
    due_at: datetime


class StageBackoff:
    """The stages that fail; `clock` returns the time in UTC."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.failures: dict[str, StageFailure] = {}

    def is_due(self, stage: str) -> bool:
        """Whether `stage` may be tried now."""
        failure = self.failures.get(stage)
        return failure is None or failure.due_at <= self._clock()

    def wants(self, stage: str) -> bool:
        """Whether `stage` has failed and is to be tried again now, whether there is work or not."""
        return stage in self.failures and self.is_due(stage)

    def run(self, connection: Connection, stage: str, work: Callable[[], bool]) -> bool:
        """Run `work` of `stage` where it is due; return what it returns, False where it fails or waits.

        An error is put down, for the task of the minute meets it too and reports it as its own. Raises it
        where it has cost the connection.
        """
        if not self.is_due(stage):
            return False
        try:
            done = work()
        except Exception as error:
            if connection.closed:
                raise
            connection.rollback()
            self._note(stage, error)
            return False
        if self.failures.pop(stage, None):
            log.warning("%s works again", stage)
        return done

    def find_next_try(self) -> datetime | None:
        """Return when the next stage that fails is due, or None where none fails."""
        return min((failure.due_at for failure in self.failures.values()), default=None)

    def describe(self) -> str | None:
        """Return what is wrong in one line, without words of the database; None where nothing is."""
        named = [f"{stage}: {failure.problem}" for stage, failure in sorted(self.failures.items())]
        return "; ".join(named) or None

    def _note(self, stage: str, error: Exception) -> None:
        now, former = self._clock(), self.failures.get(stage)
        tries = former.tries + 1 if former else 1
        pause = min(FIRST_PAUSE * 2 ** min(tries - 1, 10), LONGEST_PAUSE)
        problem = _describe_error(error)
        self.failures[stage] = StageFailure(problem, former.since if former else now, tries, now + pause)
        log.warning("%s fails, next try in %.0f s: %s", stage, pause.total_seconds(), problem)
        if not isinstance(error, LeadopsError | psycopg.Error):
            log.exception("%s", stage)


def _describe_error(error: Exception) -> str:
    """Return the error in one line; one of the database, or a defect, by its class alone."""
    words = str(error).splitlines() if isinstance(error, LeadopsError) else []
    return words[0][:LONGEST_PROBLEM] if words else type(error).__name__
