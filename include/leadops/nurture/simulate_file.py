"""What a changed nurture.yaml would have sent, had it been in force since a moment; writes nothing."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from leadops.calendar.local_days import day_of
from leadops.db import Connection
from leadops.nurture.enter_programmes import NurtureContext
from leadops.nurture.play_forward import PlayedDecision
from leadops.nurture.play_people import play_people
from leadops.queries import Queries

queries = Queries(__file__)

#: People who are played at once.
CHUNK_PEOPLE = 5_000


class DayStep(NamedTuple):
    """A step of a programme on a local day."""

    programme: str
    step: str
    day: date


@dataclass(frozen=True)
class StepTotals:
    """How many messages of a step went out on a day, and how many would have."""

    programme: str
    step: str
    day: date
    sent: int
    simulated: int


@dataclass(frozen=True)
class Simulation:
    """What was sent and would have been, by day, and the memberships that would have begun in the time."""

    totals: list[StepTotals]
    entered: int
    held_out: int  # of these
    skipped: dict[str, int]  # steps that would not have gone out, by reason

    def sum_steps(self, *, by_day: bool) -> dict[tuple[str, str, date | None], tuple[int, int]]:
        """Return how many messages were sent and would have been, by programme, step and day (else None)."""
        sums: dict[tuple[str, str, date | None], tuple[int, int]] = {}
        for row in self.totals:
            key = (row.programme, row.step, row.day if by_day else None)
            sent, simulated = sums.get(key, (0, 0))
            sums[key] = (sent + row.sent, simulated + row.simulated)
        return sums


class _ActualSend(NamedTuple):
    programme: str
    step: str
    day: date
    sends: int


def simulate_file(
    connection: Connection, *, context: NurtureContext, since: datetime, now: datetime
) -> Simulation:
    """Return what the settings of `context` would have sent from `since` to `now` (UTC), and what was sent.

    Those who were members already finish the version that they began. Everybody else enters by the new
    content, as if each event had arrived when it happened, with the draws of the hold-out that are in force.
    The MA is taken to answer at once. Days are those of the zone of `context`.
    """
    people = queries.values(
        connection,
        "list_people",
        since=since,
        events=sorted({entry.event for each in context.settings.programmes.values() for entry in each.entry}),
    )
    played: list[PlayedDecision] = []
    entered = held_out = 0
    for start in range(0, len(people), CHUNK_PEOPLE):
        chunk = play_people(connection, people[start : start + CHUNK_PEOPLE], context, since=since, now=now)
        played += chunk.played
        entered += chunk.entered
        held_out += chunk.held_out
    simulated = Counter(
        DayStep(each.member.version.name, step.step, day_of(each.at, context.zone))
        for each in played
        for step in each.decision.steps
        if step.skipped is None
    )
    skipped = Counter(
        str(step.skipped) for each in played for step in each.decision.steps if step.skipped is not None
    )
    sent: Counter[DayStep] = Counter()
    for row in queries.all(
        connection, "list_sent", _ActualSend, since=since, until=now, zone=context.zone.key
    ):
        sent[DayStep(row.programme, row.step, row.day)] += row.sends
    return Simulation(
        [
            StepTotals(*key, sent=sent[key], simulated=simulated[key])
            for key in sorted(sent.keys() | simulated.keys())
        ],
        entered,
        held_out,
        dict(sorted(skipped.items())),
    )
