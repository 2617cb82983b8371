"""When what runs tasks is ended and started again because they stand still."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from leadops_stack.executor import WORKERS
from leadops_stack.supervisor import Supervisor

#: Seconds between two restarts, doubled each time up to the last: what did not help will not help at once.
WAITS = (180.0, 360.0, 720.0, 1440.0, 3600.0)
#: Seconds without a restart after which the earlier ones are forgotten.
FORGIVEN_AFTER = 3 * 3600.0
#: Seconds that a scheduler which stands still has to end: a hanging one never does.
GRACE = 10.0


class SchedulerRestarts:
    """Asks `supervisor` to restart the scheduler and the workers, less and less often.

    What the stack does not have, such as Redis with the LocalExecutor, it does not start. `clock` returns the
    time in UTC.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        *,
        ticks: Callable[[], float] = time.monotonic,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._supervisor, self._ticks, self._clock = supervisor, ticks, clock
        self._count, self._last = 0, 0.0

    def restart(self, seconds: float) -> dict[str, str | int]:
        """Ask for a restart because nothing has finished for `seconds`, unless the last was too recent.

        Returns the facts for the incident: how often, and when; nothing where it does not restart.
        """
        now = self._ticks()
        since = now - self._last
        if self._count and since >= FORGIVEN_AFTER:
            self._count = 0
        if self._count and since < WAITS[min(self._count, len(WAITS)) - 1]:
            return {}
        self._count, self._last = self._count + 1, now
        why = f"no task has finished for {seconds:.0f} s; restart {self._count}"
        for name in ("api-server", "redis"):  # without them no task can begin
            if not self._supervisor.answers(name):
                self._supervisor.ask_restart(name, why="does not answer", grace=GRACE)
        for name in ("scheduler", *WORKERS):
            self._supervisor.ask_restart(name, why=why, grace=GRACE)
        return {"restarts": self._count, "restarted_at": self._clock().isoformat()}
