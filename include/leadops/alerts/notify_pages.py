"""Brings PagerDuty in line with the incidents on record: one incident here, one there."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.alerts.failing_channel import AlertChannel, is_resting, note_channel
from leadops.alerts.page import (
    Page,
    PageState,
    list_open_pages,
    lock_page,
    lock_page_attempt,
    note_page_attempt,
    note_page_refused,
    note_page_state,
)
from leadops.alerts.page_step import STATE_AFTER, PageStep, decide_page_step
from leadops.alerts.render_page import render_event
from leadops.clients.chat import Posted
from leadops.clients.pagerduty import Pager, PagerBusyError, PagerRefusedError, PagerUnreachableError
from leadops.company import Company
from leadops.db import Connection
from leadops.errors import LeadopsError
from leadops.incidents.alert_settings import AlertSettings
from leadops.incidents.incident import Incident, list_paged
from leadops.notifications.messages import Messages
from leadops.notifications.post_once import PostAttempt, PostOutcome, begin_post, finish_post

#: No channel is left alone for longer, whatever it asks.
LONGEST_REST = timedelta(minutes=10)
#: After this many calls without an answer PagerDuty counts as down for this run: each costs a time-out.
MAX_FAILURES = 2


@dataclass(frozen=True)
class PageResult:
    """What one run sent to PagerDuty, and how many pages wait; `problems` are lines for the log."""

    triggered: int = 0
    acknowledged: int = 0
    resolved: int = 0
    waiting: int = 0
    problems: tuple[str, ...] = ()


def list_due_pages(connection: Connection) -> list[int]:
    """Return the ids of the pages that have a next step, those never tried first."""
    pages = list_open_pages(connection)
    incidents = defaultdict[int | None, list[Incident]](list)
    for incident in list_paged(connection, [page.page_id for page in pages]):
        incidents[incident.page_id].append(incident)
    return [
        page.page_id
        for page in pages
        if decide_page_step(page, incidents[page.page_id]) is not PageStep.NOTHING
    ]


def notify_pages(
    connection: Connection,
    pager: Pager,
    *,
    settings: AlertSettings,
    company: Company,
    clock: Callable[[], datetime],
) -> PageResult:
    """Trigger, acknowledge and resolve until PagerDuty shows what is on record; commits as it goes.

    May run in several processes at once and may be killed at any point. A refused event is named in
    `problems` and does not stop the others; when PagerDuty is down or asks to wait, the rest is left to the
    next run. `clock` gives the time in UTC.
    """
    due = list_due_pages(connection)
    done = Counter[PageStep]()
    problems: dict[str, None] = {}
    waiting, failures, rest = 0, 0, None
    if due and is_resting(connection, AlertChannel.PAGERDUTY, now=clock()):
        return PageResult(waiting=len(due))
    connection.commit()
    for count, page_id in enumerate(due):
        if rest or failures >= MAX_FAILURES or count >= settings.max_pages_per_run:
            waiting += 1
            continue
        try:
            done[_send_next(connection, pager, page_id, settings, Messages(company), clock)] += 1
        except LeadopsError as error:
            problems[str(error)] = None
            waiting += 1
            if isinstance(error, PagerBusyError):
                rest = min(timedelta(seconds=error.retry_after), LONGEST_REST)
            elif isinstance(error, PagerUnreachableError):
                failures = MAX_FAILURES
            elif not isinstance(error, PagerRefusedError):
                failures += 1
    with connection.transaction():
        problem = next(iter(problems), None)
        note_channel(
            connection, AlertChannel.PAGERDUTY, waiting=waiting, problem=problem, now=clock(), rest=rest
        )
    return PageResult(
        triggered=done[PageStep.TRIGGER],
        acknowledged=done[PageStep.ACKNOWLEDGE],
        resolved=done[PageStep.RESOLVE],
        waiting=waiting,
        problems=tuple(problems),
    )


def _send_next(
    connection: Connection,
    pager: Pager,
    page_id: int,
    settings: AlertSettings,
    messages: Messages,
    clock: Callable[[], datetime],
) -> PageStep:
    """Do the next step of one page, return which; raise the pager's error."""
    with connection.transaction():
        page = lock_page(connection, page_id)
        if page is None:
            return PageStep.NOTHING  # another process has it
        incidents: Sequence[Incident] = list_paged(connection, [page_id])
        step = decide_page_step(page, incidents)
        if step is PageStep.DROP:
            note_page_state(connection, page_id, PageState.DROPPED, clock())
        if step in (PageStep.DROP, PageStep.NOTHING):
            return step
        record = _PageRecord(connection, page_id, step, clock)
        attempt = begin_post(record, clock())
    if attempt is None:
        return PageStep.NOTHING

    def send() -> Posted:
        event = render_event(step, page.dedup_key, incidents, messages=messages, settings=settings)
        pager.send(event)
        return Posted()

    outcome = finish_post(connection, record, attempt, look_up=None, send=send)
    return step if outcome is PostOutcome.POSTED else PageStep.NOTHING


class _PageRecord:
    """The row of alerts.pages as the record of one event."""

    def __init__(
        self, connection: Connection, page_id: int, step: PageStep, clock: Callable[[], datetime]
    ) -> None:
        self._connection, self._id, self._step, self._clock = connection, page_id, step, clock

    def lock(self) -> PostAttempt | None:
        """Lock the row."""
        page: Page | None = lock_page(self._connection, self._id)
        return PostAttempt(page.attempts, page.unknown_since) if page else None

    def relock(self) -> PostAttempt | None:
        """Lock the row once nobody else has it."""
        return lock_page_attempt(self._connection, self._id)

    def note_attempt(self, now: datetime) -> None:
        """Note that PagerDuty may have the event from now on."""
        note_page_attempt(self._connection, self._id, now)

    def note_refused(self, error: LeadopsError) -> None:  # noqa: ARG002
        """Note that PagerDuty does not have the event."""
        note_page_refused(self._connection, self._id)

    def note_posted(self, place: Posted, outcome: PostOutcome) -> None:  # noqa: ARG002
        """Note what PagerDuty shows now."""
        note_page_state(self._connection, self._id, STATE_AFTER[self._step], self._clock())
