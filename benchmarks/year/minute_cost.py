"""What a minute costs at several moments of the year: each task, in quiet minutes and in busy ones."""

import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from benchmarks.year.company import Company, form_body, insert_events
from benchmarks.year.installation import BOT, MINUTE, Installation
from benchmarks.year.play import Year
from benchmarks.year.table_sizes import TableChanges, list_changes, read_wal_position

#: Events of a busy minute: four times as many as on average. A form comes with them.
BUSY_EVENTS = 30
MINUTES_A_DAY = 1_440
#: Minutes that warm up caches and are not counted.
WARM_UP = 3


@dataclass
class Moment:
    """leadops as it was when `day` (from 0) began, on its own database, and the seconds of its minutes."""

    day: int
    installation: Installation
    #: By task, one number for each minute.
    quiet: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    busy: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True)
class QuietMinute:
    """What a minute with nothing to do writes."""

    rows: dict[str, TableChanges]
    wal_bytes: float
    minutes: int

    @property
    def written(self) -> float:
        """Rows that are inserted, changed or deleted in a minute."""
        return sum(changes.written for changes in self.rows.values()) / self.minutes


def measure_minutes(moments: Sequence[Moment], year: Year, *, minutes: int) -> None:
    """Play `minutes` quiet and as many busy minutes at each moment, in turn, and note what each task took."""
    company = replace(year.company, events=BUSY_EVENTS * MINUTES_A_DAY, claims=0)
    for number in range(-WARM_UP, minutes):
        for moment in moments:
            now = year.begin(moment.day) + timedelta(hours=21, minutes=2 * (number + WARM_UP))
            moment.installation.clock.set(now)
            run_minute(moment, moment.quiet, counts=number >= 0)
            moment.installation.clock.set(now + timedelta(minutes=1))
            happen_in_minute(moment, company, minute=2 * (number + WARM_UP) + 1)
            run_minute(moment, moment.busy, counts=number >= 0)


def run_minute(moment: Moment, seconds: dict[str, list[float]], *, counts: bool) -> None:
    """Run every task of a minute; where it `counts`, add what each took to `seconds`."""
    for verb in MINUTE:
        started = time.perf_counter()
        moment.installation.run(verb)
        if counts:
            seconds[verb.name].append(time.perf_counter() - started)


def happen_in_minute(moment: Moment, company: Company, *, minute: int) -> None:
    """Let the events of a busy minute happen: visits of leads and of others, a bot, and a new lead's form."""
    installation = moment.installation
    now = installation.clock()
    insert_events(
        installation.connection,
        company,
        day=moment.day,
        part=minute,
        parts=MINUTES_A_DAY,
        since=now - timedelta(seconds=50),
        until=now,
    )
    installation.collect(1, event="page_view", user_agent=BOT)
    installation.send_form(form_body(company.last_new(moment.day) + minute))


def measure_quiet_minutes(moment: Moment, year: Year, *, minutes: int) -> QuietMinute:
    """Return what `minutes` minutes with nothing to do write; nothing else may write to the cluster."""
    installation = moment.installation
    for number in range(WARM_UP):  # what salespeople did since the last round
        installation.clock.set(year.begin(moment.day) + timedelta(hours=20, minutes=number))
        run_minute(moment, moment.quiet, counts=False)
    before, wal = list_changes(installation.connection), read_wal_position(installation.connection)
    for number in range(minutes):
        installation.clock.set(year.begin(moment.day) + timedelta(hours=20, minutes=WARM_UP + number))
        run_minute(moment, moment.quiet, counts=False)
    wal = read_wal_position(installation.connection) - wal
    rows = {}
    for name, after in list_changes(installation.connection).items():
        known = before.get(name, TableChanges(name, 0, 0, 0))
        changes = TableChanges(
            name,
            after.inserted - known.inserted,
            after.updated - known.updated,
            after.deleted - known.deleted,
        )
        if changes.written:
            rows[name] = changes
    return QuietMinute(rows, wal / minutes, minutes)


def take_medians(seconds: dict[str, list[float]]) -> dict[str, float]:
    """Return the median milliseconds by task."""
    return {name: 1000 * statistics.median(taken) for name, taken in seconds.items()}
