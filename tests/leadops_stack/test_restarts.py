"""When the scheduler is restarted again: after 3, 6, 12, 24 and then 60 minutes, while it does not help."""

from datetime import UTC, datetime

from leadops_stack.restarts import SchedulerRestarts

NOW = datetime(2026, 7, 30, 17, 0, tzinfo=UTC)


class Asked:
    """A supervisor that only notes what it is asked."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, float]] = []
        self.well = {"api-server", "redis"}

    def ask_restart(self, name: str, *, why: str, grace: float) -> None:
        self.calls.append((name, why, grace))

    def answers(self, name: str) -> bool:
        return name in self.well


def test_each_restart_that_does_not_help_makes_the_pause_longer() -> None:
    supervisor, now = Asked(), 0.0
    restarts = SchedulerRestarts(supervisor, ticks=lambda: now, clock=lambda: NOW)  # type: ignore[arg-type]
    moments = []
    for now in range(0, 4 * 3600 + 1, 10):
        if facts := restarts.restart(120.4):
            moments.append(now / 60)
            assert facts == {"restarts": len(moments), "restarted_at": "2026-07-30T17:00:00+00:00"}
    assert moments == [0, 3, 9, 21, 45, 105, 165, 225]
    why = "no task has finished for 120 s; restart 2"
    assert supervisor.calls[3:6] == [(name, why, 10.0) for name in ("scheduler", "worker-1", "worker-2")]


def test_after_three_hours_without_one_it_counts_from_one() -> None:
    now = 0.0
    restarts = SchedulerRestarts(Asked(), ticks=lambda: now, clock=lambda: NOW)  # type: ignore[arg-type]
    counts = []
    for now in (0.0, 200.0, 200.0 + 10799, 200.0 + 10799 + 10800):  # noqa: B007
        counts.append(restarts.restart(120)["restarts"])
    assert counts == [1, 2, 3, 1]


def test_an_api_server_or_a_redis_that_hangs_is_restarted_first() -> None:
    supervisor = Asked()
    supervisor.well = set()
    SchedulerRestarts(supervisor, ticks=lambda: 0.0, clock=lambda: NOW).restart(120)  # type: ignore[arg-type]
    assert [name for name, _, _ in supervisor.calls] == [
        "api-server",
        "redis",
        "scheduler",
        "worker-1",
        "worker-2",
    ]
