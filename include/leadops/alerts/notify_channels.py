"""Brings Slack and PagerDuty in line with the incidents on record; neither silences the other."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from leadops.alerts.failing_channel import AlertChannel, note_channel
from leadops.alerts.notify import IncidentNotifyResult, notify_incidents
from leadops.alerts.notify_pages import PageResult, list_due_pages, notify_pages
from leadops.alerts.page import doubt_open_pages
from leadops.alerts.plan import has_unpaged, plan_pages
from leadops.clients.chat import Chat
from leadops.clients.pagerduty import Pager
from leadops.company import Company
from leadops.db import Connection
from leadops.delivery.database_mark import find_hold
from leadops.errors import LeadopsError
from leadops.incidents.alert_settings import AlertSettings


@dataclass(frozen=True)
class ChannelsResult:
    """What one round did in Slack and in PagerDuty."""

    slack: IncidentNotifyResult
    pages: PageResult


def notify_channels(
    connection: Connection,
    *,
    open_chat: Callable[[AlertSettings], Chat],
    open_pager: Callable[[], Pager | None],
    settings: AlertSettings,
    company: Company,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
) -> ChannelsResult:
    """Bring both channels up to date, PagerDuty first: it wakes people; commits as it goes.

    `open_pager` returns None where PagerDuty is off; it is called only where there is something for it.
    Whatever goes wrong with one channel, the other one has its turn; then the error is raised.
    """
    connection.commit()
    pages = PageResult()
    paging_error: Exception | None = None
    try:
        pages = _notify_pages(connection, open_pager, settings=settings, company=company, clock=clock)
    except LeadopsError as error:
        pages = PageResult(waiting=1, problems=(str(error),))
        _note_error(connection, AlertChannel.PAGERDUTY, error, clock())
    except Exception as error:
        if connection.closed:
            raise
        paging_error = error
        _note_error(connection, AlertChannel.PAGERDUTY, error, clock())
    try:
        slack = notify_incidents(
            connection, open_chat(settings), settings=settings, company=company, clock=clock, sleep=sleep
        )
    except Exception as error:
        if not connection.closed:
            _note_error(connection, AlertChannel.SLACK, error, clock())
        raise
    with connection.transaction():
        problem = next(iter(slack.problems), None)
        note_channel(connection, AlertChannel.SLACK, waiting=slack.waiting, problem=problem, now=clock())
    if paging_error:
        raise paging_error
    return ChannelsResult(slack, pages)


def _notify_pages(
    connection: Connection,
    open_pager: Callable[[], Pager | None],
    *,
    settings: AlertSettings,
    company: Company,
    clock: Callable[[], datetime],
) -> PageResult:
    with connection.transaction():
        if hold := find_hold(connection):
            doubt_open_pages(connection, before=hold.held_at)
    if not has_unpaged(connection, settings) and not list_due_pages(connection):
        note_channel(connection, AlertChannel.PAGERDUTY, waiting=0, problem=None, now=clock())
        connection.commit()
        return PageResult()
    connection.commit()
    pager = open_pager()
    if pager is None:
        return PageResult()
    plan_pages(connection, settings=settings, now=clock())
    return notify_pages(connection, pager, settings=settings, company=company, clock=clock)


def _note_error(connection: Connection, channel: AlertChannel, error: Exception, now: datetime) -> None:
    """Record why a channel had no round, of a foreign exception only its class: its words may quote data."""
    problem = str(error) if isinstance(error, LeadopsError) else type(error).__name__
    connection.rollback()
    with connection.transaction():
        note_channel(connection, channel, waiting=1, problem=problem, now=now)
