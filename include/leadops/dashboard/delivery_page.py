"""The page Delivery: what is on its way, what was refused for good, what the quarantines hold."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response

from leadops.dashboard.answers import answer_json
from leadops.dashboard.reader import Look, ReaderDep
from leadops.dashboard.wiring import ConnectionDep, DashboardDep
from leadops.db import Connection
from leadops.delivery.dead_letters import (
    DeadLetter,
    DeadLetterCount,
    DeadLetterState,
    count_dead_letters,
    read_dead_letters,
)
from leadops.delivery.delivery_states import CallCount, count_open_calls, count_settled_calls
from leadops.events.quarantine import (
    QuarantineCount,
    QuarantineEntry,
    count_quarantine,
    list_quarantine,
    show_detail,
)
from leadops.events.validate_event import TOO_OLD
from leadops.intake.form_quarantine import (
    QuarantinedForm,
    count_quarantined_forms,
    list_quarantined_forms,
)

router = APIRouter(tags=["delivery"])

#: Rows of a page of a list.
PAGE_ROWS = 25
#: What was settled is counted this long.
SETTLED_WITHIN = timedelta(hours=24)
#: Hours of a filter: ten years.
MAX_HOURS = 87_600
#: The largest number of a row.
MAX_NUMBER = 2**63 - 1


class Quarantine(StrEnum):
    """Which quarantine: of events, or of signed forms."""

    EVENTS = "events"
    FORMS = "forms"


class QuarantineState(StrEnum):
    """The states of what is in a quarantine."""

    WAITING = "waiting"
    ADMITTED = "admitted"
    DROPPED = "dropped"


@dataclass(frozen=True)
class DeliveryAnswer:
    """Counts: what waits, what was settled since a moment (UTC), and what a person has to look at."""

    open: list[CallCount]
    settled: list[CallCount]
    settled_since: datetime
    dead_letters: list[DeadLetterCount]
    events: list[QuarantineCount]
    forms: list[QuarantineCount]


@dataclass(frozen=True)
class LetterLine:
    """A dead letter, and what to type about it."""

    number: int
    target: str
    kind: str  # effect: a call of the outbox; delta: a score change
    reference: int
    lead_id: int | None
    points: int | None
    reason: str
    since: datetime
    commands: list[str]


@dataclass(frozen=True)
class LetterList:
    """Dead letters, oldest first; `next` is the number after which the next page begins."""

    rows: list[LetterLine]
    next: int | None


@dataclass(frozen=True)
class QuarantineLine:
    """Something refused, and what to type about it; `detail` says what to change."""

    number: int
    received_at: datetime
    times: int
    reason: str
    detail: str
    tool: str | None  # the form tool that sent it
    commands: list[str]
    quotes: bool  # the detail repeats something of what was sent


@dataclass(frozen=True)
class QuarantineList:
    """What was refused, newest first; `next` is the number below which the next page begins."""

    rows: list[QuarantineLine]
    next: int | None


def read_delivery(connection: Connection, *, now: datetime) -> DeliveryAnswer:
    """Return the counts at `now` (UTC)."""
    since = now - SETTLED_WITHIN
    return DeliveryAnswer(
        open=count_open_calls(connection),
        settled=count_settled_calls(connection, since=since),
        settled_since=since,
        dead_letters=count_dead_letters(connection),
        events=count_quarantine(connection),
        forms=count_quarantined_forms(connection),
    )


def read_letters(
    connection: Connection, *, target: str | None, state: DeadLetterState, after: int
) -> LetterList:
    """Return a page of dead letters with numbers above `after`."""
    letters = read_dead_letters(connection, target=target, state=state, after=after, max_rows=PAGE_ROWS + 1)
    rows = [_describe_letter(letter) for letter in letters[:PAGE_ROWS]]
    return LetterList(rows, rows[-1].number if len(letters) > PAGE_ROWS else None)


def _describe_letter(letter: DeadLetter) -> LetterLine:
    verbs = ("retry", "drop") if letter.state == DeadLetterState.OPEN else ()
    return LetterLine(
        number=letter.dead_letter_id,
        target=letter.target,
        kind=letter.kind,
        reference=letter.reference,
        lead_id=letter.lead_id,
        points=letter.points,
        reason=letter.reason,
        since=letter.died_at,
        commands=[f"leadops dead-letters {verb} {letter.dead_letter_id}" for verb in verbs],
    )


def read_quarantine(
    connection: Connection,
    kind: Quarantine,
    *,
    reason: str | None,
    state: QuarantineState,
    since: datetime | None,
    before: int | None,
    sees_people: bool,
) -> QuarantineList:
    """Return a page of a quarantine with numbers below `before`.

    Without `sees_people`, no value of what was sent is repeated in what to change.
    """
    read = list_quarantine if kind is Quarantine.EVENTS else list_quarantined_forms
    entries: Sequence[QuarantineEntry | QuarantinedForm] = read(
        connection, reason=reason, state=state, since=since, before=before, limit=PAGE_ROWS + 1
    )
    rows = [_describe_entry(entry, sees_people) for entry in entries[:PAGE_ROWS]]
    return QuarantineList(rows, rows[-1].number if len(entries) > PAGE_ROWS else None)


def _describe_entry(entry: QuarantineEntry | QuarantinedForm, sees_people: bool) -> QuarantineLine:
    body = entry.body if isinstance(entry, QuarantineEntry) else entry.text
    masked, whole = show_detail(entry.detail, body), show_detail(entry.detail)
    return QuarantineLine(
        number=entry.quarantine_id,
        received_at=entry.received_at,
        times=entry.times,
        reason=entry.reason,
        detail=whole if sees_people else masked,
        tool=None if isinstance(entry, QuarantineEntry) else entry.tool,
        commands=suggest_commands(entry),
        quotes=sees_people and whole != masked,
    )


def suggest_commands(entry: QuarantineEntry | QuarantinedForm) -> list[str]:
    """Return the commands for something that waits, the most likely one first."""
    if entry.state != QuarantineState.WAITING:
        return []
    number, reason = entry.quarantine_id, entry.reason
    is_event = isinstance(entry, QuarantineEntry)
    program = "leadops quarantine" if is_event else "leadops forms quarantine"
    look = [] if is_event else [f"{program} show {number}"]
    drop = f"{program} drop {number}"
    if reason.startswith("spam_"):
        return [*look, f"{program} release {number}", drop]
    if reason == TOO_OLD and is_event:
        return [f"{program} retry {number} --history", drop]
    return [*look, f"{program} repair {number} --set FIELD=VALUE", f"{program} retry {number}", drop]


@router.get("/api/delivery", response_model=DeliveryAnswer)
def show_delivery(dashboard: DashboardDep, connection: ConnectionDep) -> Response:
    """Batches and effects by state, dead letters by target, both quarantines by reason."""
    now = dashboard.clock()
    return answer_json(asdict(read_delivery(connection, now=now)), as_of=now)


@router.get("/api/delivery/dead-letters", response_model=LetterList)
def show_letters(
    dashboard: DashboardDep,
    connection: ConnectionDep,
    target: Annotated[str | None, Query(max_length=40, description="Only this target: ma, crm.")] = None,
    state: Annotated[
        DeadLetterState, Query(description="open, retried, dropped, applied.")
    ] = DeadLetterState.OPEN,
    after: Annotated[int, Query(ge=0, le=MAX_NUMBER, description="Numbers above this one.")] = 0,
) -> Response:
    """Dead letters, oldest first, as `leadops dead-letters list` says them."""
    letters = read_letters(connection, target=target or None, state=state, after=after)
    return answer_json(asdict(letters), as_of=dashboard.clock())


@router.get("/api/delivery/quarantine/{kind}", response_model=QuarantineList)
def show_quarantine(
    kind: Annotated[Quarantine, Path(description="Whose quarantine: events or forms.")],
    dashboard: DashboardDep,
    connection: ConnectionDep,
    reader: ReaderDep,
    reason: Annotated[
        str | None, Query(max_length=80, description="Only this reason: invalid_email.")
    ] = None,
    state: Annotated[
        QuarantineState, Query(description="waiting, admitted, dropped.")
    ] = QuarantineState.WAITING,
    hours: Annotated[
        float | None, Query(gt=0, le=MAX_HOURS, allow_inf_nan=False, description="Only the last hours.")
    ] = None,
    before: Annotated[int | None, Query(ge=1, le=MAX_NUMBER, description="Numbers below this one.")] = None,
) -> Response:
    """What was refused, newest first, as `quarantine list` and `forms quarantine list` say it."""
    now = dashboard.clock()
    found = read_quarantine(
        connection,
        kind,
        reason=reason or None,
        state=state,
        since=now - timedelta(hours=hours) if hours else None,
        before=before,
        sees_people=reader.sees_people,
    )
    what: Literal["refused_event", "refused_form"] = (
        "refused_event" if kind is Quarantine.EVENTS else "refused_form"
    )
    dashboard.record_looks(reader, [Look(what, row.number) for row in found.rows if row.quotes])
    return answer_json(asdict(found), as_of=now)
