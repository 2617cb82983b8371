"""What of nurture.yaml can never be reached, or is hardly meant so: `leadops nurture lint`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.nurture.lint_conditions import describe_depths, find_contradictions
from leadops.nurture.nurture_settings import NurtureProgramme, NurtureSettings, NurtureStep, QuietHours
from leadops.queries import Queries
from leadops.scoring.event_condition import EventCondition

queries = Queries(__file__)

#: A step that is stale sooner may be missed between two runs of send_nurture.
RUN_MINUTES = 5
#: The earliest that next_day can come: entered just before midnight, at the hour of the next day.
MIDNIGHT = time(0)


@dataclass(frozen=True)
class LintFinding:
    """One oddity of the file."""

    is_never: bool  # something can never be reached; False: it may be meant so
    place: str  # programme and step, or the message
    text: str


@dataclass(frozen=True)
class EventSighting:
    """Whether events of a condition came lately, by the place of the condition."""

    place: int
    came: bool  # an event of its name
    fits: bool  # one that fits it


@dataclass(frozen=True)
class NamedCondition:
    """A condition of a programme and where it stands."""

    place: str
    condition: EventCondition


def lint_programmes(
    connection: Connection,
    settings: NurtureSettings,
    *,
    locales: Sequence[str],
    since: datetime,
    gaps: Mapping[tuple[str, str], str],
) -> list[LintFinding]:
    """Return what is odd about the programmes and messages; events are looked for from `since` on (UTC).

    `locales` are the segments of a page's path that are not counted (scoring.yaml); `gaps` the steps in which
    the MA's product cannot enrol anybody.
    """
    return [
        *(LintFinding(True, f"{name}.{step}", gap) for (name, step), gap in gaps.items()),
        *_lint_conditions(connection, settings, locales=locales, since=since),
        *_lint_depths(connection, settings, locales=locales),
        *lint_times(settings),
        *lint_messages(settings),
    ]


def lint_times(settings: NurtureSettings) -> Iterator[LintFinding]:
    """Yield the steps that the limits of the file never let out, or not at their hour."""
    for name, programme in settings.programmes.items():
        yield from _lint_cap(settings, name, programme)
        yield from _lint_order(settings, name, programme)
        for step in programme.steps:
            place = f"{name}.{step.name}"
            if step.stale_after <= timedelta(minutes=RUN_MINUTES):
                yield LintFinding(
                    True,
                    place,
                    f"it is stale before the next run: send_nurture runs every {RUN_MINUTES} minutes",
                )
            hours = settings.quiet_hours
            if isinstance(step.delay, str) and hours and _is_within(settings.next_day_at, hours):
                yield LintFinding(
                    False,
                    place,
                    f"next_day_at {settings.next_day_at:%H:%M} is in the quiet hours: it always goes out"
                    f" at their end, {hours.until:%H:%M}",
                )


def lint_messages(settings: NurtureSettings) -> Iterator[LintFinding]:
    """Yield the messages that no step sends, and those that one person gets twice."""
    used: set[str] = set()
    for name, programme in settings.programmes.items():
        own: set[str] = set()
        for step in programme.steps:
            for key in sorted(own & set(step.message_keys)):
                yield LintFinding(False, f"{name}.{step.name}", f"a step above sends {key} too")
            own |= set(step.message_keys)
        used |= own
    for key in sorted(set(settings.messages) - used):
        yield LintFinding(True, key, "no step sends this message")


def _lint_cap(settings: NurtureSettings, name: str, programme: NurtureProgramme) -> Iterator[LintFinding]:
    """Yield the steps for which those before them leave no room, however late they go out."""
    cap = settings.frequency_cap
    if cap is None:
        return
    for number, step in enumerate(programme.steps):
        latest = step.longest_delay + step.stale_after
        before = [_shortest_delay(earlier, settings) for earlier in programme.steps[:number]]
        counted = [delay for delay in before if delay > latest - cap.window]
        if len(counted) >= cap.messages:
            yield LintFinding(
                True,
                f"{name}.{step.name}",
                f"whoever got the steps before it has {cap.messages} messages in {cap.per_days} days"
                " until it is stale: the frequency cap never leaves room for it",
            )


def _lint_order(settings: NurtureSettings, name: str, programme: NurtureProgramme) -> Iterator[LintFinding]:
    """Yield the steps that the next one overtakes: of two that are due at once the later one goes out."""
    for step, following in pairwise(programme.steps):
        place = f"{name}.{step.name}"
        if step.delay == following.delay:
            text = f"it is due together with {following.name}, which goes out in its place"
            yield LintFinding(True, place, text)
        elif isinstance(following.delay, str) and step.longest_delay > _shortest_delay(following, settings):
            text = (
                f"who enters late in the day is due for {following.name} first, which goes out in its place"
            )
            yield LintFinding(False, place, text)


def _shortest_delay(step: NurtureStep, settings: NurtureSettings) -> timedelta:
    if isinstance(step.delay, timedelta):
        return step.delay
    return timedelta(hours=settings.next_day_at.hour, minutes=settings.next_day_at.minute)


def _is_within(clock: time, hours: QuietHours) -> bool:
    if hours.from_ < hours.until:
        return hours.from_ <= clock < hours.until
    return clock >= hours.from_ or clock < hours.until


def _lint_conditions(
    connection: Connection, settings: NurtureSettings, *, locales: Sequence[str], since: datetime
) -> Iterator[LintFinding]:
    named = list(_name_conditions(settings))
    contradictions = find_contradictions(connection, [each.condition for each in named], locales=locales)
    for place, addresses in contradictions.items():
        for address in addresses:
            text = f"the conditions on {address} contradict each other: no value fits"
            yield LintFinding(True, named[place].place, text)
    sightings = queries.all(
        connection,
        "find_events",
        EventSighting,
        since=since,
        conditions=Jsonb(
            [
                {
                    "place": place,
                    "event": each.condition.event,
                    "condition": each.condition.predicate(locales),
                }
                for place, each in enumerate(named)
            ]
        ),
    )
    for sighting in sightings:
        each = named[sighting.place]
        if not sighting.came:
            text = f"no sender sent {each.condition.event} since {since:%Y-%m-%d}"
            yield LintFinding(True, each.place, text)
        elif not sighting.fits and sighting.place not in contradictions:
            text = f"{each.condition.event} came since {since:%Y-%m-%d}, but none of them fits"
            yield LintFinding(False, each.place, text)


def _lint_depths(
    connection: Connection, settings: NurtureSettings, *, locales: Sequence[str]
) -> Iterator[LintFinding]:
    for name, programme in settings.programmes.items():
        for step in programme.steps:
            if len(step.depth) > 1 or (step.depth and step.message is None):
                event = programme.entry[0].event
                for is_never, text in describe_depths(connection, step, event=event, locales=locales):
                    yield LintFinding(is_never, f"{name}.{step.name}", text)


def _name_conditions(settings: NurtureSettings) -> Iterator[NamedCondition]:
    for name, programme in settings.programmes.items():
        for number, entry in enumerate(programme.entry):
            yield NamedCondition(f"{name}.entry[{number}]", entry)
        for step in programme.steps:
            for depth in step.depth:
                for event in (
                    [depth.event] if depth.event else sorted({each.event for each in programme.entry})
                ):
                    yield NamedCondition(f"{name}.{step.name}.{depth.name}", depth.condition(event))
