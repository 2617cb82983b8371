"""Plays a day: what happens in it, the rounds of its minutes, and its night."""

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from benchmarks.year.company import Company, insert_events, list_forgotten, list_forms
from benchmarks.year.installation import (
    BOT,
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

#: Rounds of the tasks of every minute in a played day: one at its end, in place of 1,440.
ROUNDS = 1
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

    def begin(self, day: int) -> datetime:
        """Return when `day` (from 0) begins."""
        return self.start + timedelta(days=day)


def play_day(
    installation: Installation, year: Year, day: int, played: Played, *, with_figures: bool = False
) -> None:
    """Play `day` and its night; `with_figures`: with the tasks that take long, which change no other day."""
    for part in range(ROUNDS):
        since, until = (year.begin(day) + timedelta(days=n) / ROUNDS for n in (part, part + 1))
        installation.clock.set(until - timedelta(seconds=30))
        happen(
            installation,
            year.company,
            day=day,
            part=part,
            since=since,
            until=installation.clock(),
            played=played,
        )
        for verb in MINUTE:
            installation.run(verb)
    if day % TIDY_EVERY == 0:
        tidy(installation)
    installation.clock.set(year.begin(day + 1) + timedelta(minutes=1))
    # What takes long and changes nothing else is played only now and then.
    night = (*FUNNEL, *NIGHT, FIGURES[-1], *((FIGURES[0], *TRAINING) if with_figures else ()))
    for verb in night:
        played.seconds[day][verb.name] = _time(installation, verb)
    before = list_changes(installation.connection)
    played.seconds[day][KEEP_HOUSE.name] = _time(installation, KEEP_HOUSE)
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


def happen(
    installation: Installation,
    company: Company,
    *,
    day: int,
    part: int,
    since: datetime,
    until: datetime,
    played: Played,
    parts: int = ROUNDS,
) -> None:
    """Let one of the `parts` of a day happen: events in bulk; forms, bots and nonsense through the gateway."""
    played.events += insert_events(
        installation.connection, company, day=day, part=part, parts=parts, since=since, until=until
    )
    for body in list_forms(company, day=day, part=part, parts=parts):
        if (status := installation.send_form(body)) != 202:
            raise RuntimeError(f"a form was answered {status}")
        installation.clock.sleep(0.2)
        played.forms += 1
    installation.collect(company.bots // parts, event="page_view", user_agent=BOT)
    installation.collect(company.refused // parts, event="Not a name of an event!")
    installation.send_form(b'{"email": "nobody"}')
    installation.send_form(b"{}", secret="another-secret-of-a-stranger")
    if part == 0 and day % TIDY_EVERY == 0:
        installation.add_activity(f"unknown-{day}", occurred_at="the day before yesterday")


def _time(installation: Installation, verb: Verb) -> float:
    started = time.perf_counter()
    installation.run(verb)
    return time.perf_counter() - started
