"""Plays a day: what happens in it, the rounds of its minutes, and its night."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from benchmarks.year.company import Company, insert_events, list_forgotten, list_forms
from benchmarks.year.installation import (
    ATTRIBUTE,
    BOT,
    CHECK,
    FIGURES,
    FUNNEL,
    KEEP_HOUSE,
    MINUTE,
    NIGHT,
    TRAINING,
    Installation,
    Verb,
)
from benchmarks.year.table_sizes import list_changes, vacuum_due
from leadops.events.quarantine import drop_quarantined
from leadops.intake.form_quarantine import drop_quarantined_forms

#: Days that one round of the tasks of every minute is for in the middle of the year.
DAYS_A_ROUND = 7
#: On every seventh day somebody looks through the quarantine, and closes leads that sales forgot.
TIDY_EVERY = 7
FORGOTTEN_AFTER = timedelta(days=14)


@dataclass
class Played:
    """What playing has cost and deleted so far."""

    #: Seconds of each task of the night, by day.
    seconds: dict[int, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    #: Rows that keep_house deleted, by table.
    deleted: Counter[str] = field(default_factory=Counter)
    events: int = 0
    forms: int = 0


@dataclass(frozen=True)
class Year:
    """A company, and the noon (company's zone) at which its first day begins: rounds are in working hours."""

    company: Company
    start: datetime
    #: After so many days the first leads have left, and a minute's work is as much as it stays.
    settled: int = 30

    def begin(self, day: int) -> datetime:
        """Return when `day` (from 0) begins."""
        return self.start + timedelta(days=day)


def split_into_rounds(year: Year, first: int, last: int, *, length: int) -> Iterator[range]:
    """Yield the days of each round from `first` up to `last`: a day at both ends of a year of `length` days.

    In between, a round is for DAYS_A_ROUND days.
    """
    while first < last:
        is_single = first < year.settled or first >= length - DAYS_A_ROUND
        end = first + 1 if is_single else min(first + DAYS_A_ROUND, last, length - DAYS_A_ROUND)
        yield range(first, end)
        first = end


def play_days(
    installation: Installation, year: Year, days: range, played: Played, *, with_figures: bool = False
) -> None:
    """Let `days` happen, run the tasks of every minute once at their end, and then those of the nights.

    `with_figures`: with the tasks that take long, which change no other day.
    """
    for day in days:
        installation.clock.set(year.begin(day + 1) - timedelta(seconds=30))
        happen(installation, year, day, played)
    for verb in MINUTE:
        installation.run(verb)
    # One check counts the arrivals of one day at most, and its minutes would have kept up.
    for _ in days[1:]:
        installation.run(CHECK)
    if any(day % TIDY_EVERY == 0 for day in days):
        tidy(installation)
    installation.clock.set(year.begin(days[-1] + 1) + timedelta(minutes=1))
    seconds = played.seconds[days[-1]]
    for day in days:
        for verb in (*FUNNEL, *FIGURES):
            seconds[verb.name] = _time(installation, verb, end=year.begin(day + 1))
    for verb in (*NIGHT, *((ATTRIBUTE, *TRAINING) if with_figures else ())):
        seconds[verb.name] = _time(installation, verb)
    before = list_changes(installation.connection)
    seconds[KEEP_HOUSE.name] = _time(installation, KEEP_HOUSE)
    for name, change in list_changes(installation.connection).items():
        if rows := change.deleted - before[name].deleted:
            played.deleted[name] += rows
    vacuum_due(installation.connection)


def tidy(installation: Installation) -> None:
    """Drop what waits in quarantine, and mark as lost the leads that sales has not touched for two weeks."""
    connection, now = installation.connection, installation.clock()
    drop_quarantined(connection, now=now, reason="invalid_name")
    drop_quarantined_forms(connection, now=now)
    forgotten = list_forgotten(connection, before=now - FORGOTTEN_AFTER)
    connection.commit()
    for lead_id in forgotten:
        installation.add_activity(lead_id, kind="status", status="lost", details={"reason": "no answer"})


def happen(installation: Installation, year: Year, day: int, played: Played) -> None:
    """Let `day` happen: events in bulk; forms, bots and nonsense through the gateway."""
    company, until = year.company, installation.clock()
    played.events += insert_events(
        installation.connection, company, day=day, since=year.begin(day), until=until
    )
    for body in list_forms(company, day=day):
        if (status := installation.send_form(body)) != 202:
            raise RuntimeError(f"a form was answered {status}")
        installation.clock.sleep(0.2)
        played.forms += 1
    installation.collect(company.bots, event="page_view", user_agent=BOT)
    installation.collect(company.refused, event="Not a name of an event!")
    installation.collect_nothing()
    installation.send_form(b'{"email": "nobody"}')
    installation.send_form(b"{}", secret="another-secret-of-a-stranger")
    if day % TIDY_EVERY == 0:
        installation.add_activity(f"unknown-{day}", occurred_at="the day before yesterday")


def _time(installation: Installation, verb: Verb, *, end: datetime | None = None) -> float:
    started = time.perf_counter()
    installation.run(verb, end=end)
    return time.perf_counter() - started
