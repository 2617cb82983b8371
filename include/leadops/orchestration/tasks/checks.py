"""The tasks of check_alerts: run the checks, and bring Slack and PagerDuty in line with the incidents."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from leadops.alerts.checks import CHECKS
from leadops.alerts.notify_channels import notify_channels
from leadops.changes.follow_files import follow_files
from leadops.clients.cdp import CdpClient
from leadops.delivery.database_mark import open_mark
from leadops.errors import ConfigError, PermanentError, TransientError
from leadops.housekeeping.space import read_disks, sample_space
from leadops.incidents.check import CdpReading
from leadops.incidents.run_checks import run_checks
from leadops.orchestration.counts import Counts
from leadops.orchestration.run import TaskRun
from leadops.settings import Endpoint, disk_folders, mark_folder
from leadops.sla.sla_policy import SlaCalendar

log = logging.getLogger(__name__)


def check(run: TaskRun) -> Counts:
    """Read every settings file, weigh what changed, ask the CDP for its lag, run every check.

    The incidents are up to date afterwards. A refused file is on record before the checks run, and a change
    that would move many leads. The space of disks and database is sampled too.
    """
    refused = run.config.read_all()
    changes = follow_changes(run)
    run = replace(run, config=run.config.for_notifying())
    look_at_mark(run)
    reading = read_cdp(run.find_endpoint("cdp"))
    if reading.minutes_lag is None:
        log.warning("the CDP does not answer: %s; `leadops check cdp` says what to change", reading.reason)
    with run.open_database() as connection:
        sample_space(
            connection,
            read_disks(_list_folders(run)),
            database_limit=run.alerts.database_limit,
            short_share=2 * run.alerts.space.min_free_share,
            now=run.clock(),
        )
        result = run_checks(
            connection,
            CHECKS,
            settings=run.alerts,
            calendar=SlaCalendar(run.config.sla),
            now=run.clock(),
            cdp=reading,
        )
    return asdict(result) | {
        "failed": list(result.failed),
        "minutes_lag": reading.minutes_lag,
        "refused_settings": sorted(refused),
        **changes,
    }


def follow_changes(run: TaskRun) -> Counts:
    """Let changed settings take effect that move few leads; return what happened, if anything did.

    Whatever goes wrong there must not stop the checks: the former settings stay in force meanwhile, and the
    incident change_waits says after some minutes that a change is not weighed.
    """
    try:
        with run.open_database() as connection:
            result = follow_files(connection, now=run.clock())
    except Exception as error:
        log.exception("changed settings are not followed: %s", type(error).__name__)
        return {"changes_problem": type(error).__name__}
    for section in result.in_effect:
        log.warning("%s.yaml: the changed settings are in force", section)
    if result.problem:
        log.warning("a change is not weighed yet: %s", result.problem)
    found: Counts = {"changed_settings": list(result.in_effect), "waiting_changes": list(result.waiting)}
    return {name: value for name, value in found.items() if value}


def notify(run: TaskRun) -> Counts:
    """Post, edit, escalate and resolve the Slack messages of the incidents, even when `check` failed.

    PagerDuty, where it is on, gets its events first. A channel that is down does not fail the task: the
    incidents stay on record, and the other channel says so.
    """
    run = replace(run, config=run.config.for_notifying())
    look_at_mark(run)
    settings = run.alerts
    with run.open_database() as connection:
        result = notify_channels(
            connection,
            open_chat=run.open_chat,
            open_pager=run.open_pager,
            settings=settings,
            company=run.config.company,
            clock=run.clock,
            sleep=run.sleep,
        )
    for problem in (*result.pages.problems, *result.slack.problems):
        log.warning("%s", problem)
    counts = {name: value for name, value in asdict(result.slack).items() if name != "problems"}
    pages = {name: value for name, value in asdict(result.pages).items() if name != "problems" and value}
    return counts | ({"pages": pages} if pages else {})


def look_at_mark(run: TaskRun) -> None:
    """Open a hold if the database went back, before anything is posted that may be in Slack already."""
    mark = open_mark(mark_folder())
    if mark is None:
        return
    try:
        with run.open_database() as connection:
            mark.check(connection, now=run.clock())
    except ConfigError as error:
        log.warning("%s", error)  # the push fails by it; on-call must hear of that


def _list_folders(run: TaskRun) -> list[Path]:
    """Return a folder on each disk of this machine that stops leadops when it is full."""
    return [folder for folder in (run.log_folder, mark_folder(), *disk_folders()) if folder]


def read_cdp(endpoint: Endpoint) -> CdpReading:
    """Return how far the CDP is behind by its own account, or why that is unknown."""
    client = CdpClient(endpoint)
    try:
        return form_reading(client.lag())
    except (TransientError, PermanentError) as error:
        return CdpReading(reason=str(error))
    finally:
        client.close()


def form_reading(answer: Mapping[str, Any]) -> CdpReading:
    """Return what the CDP's `answer` says; an answer with an unreadable time counts as none."""
    as_of = answer.get("as_of")
    if as_of is None:
        return CdpReading(minutes_lag=float(answer["minutes_lag"]))
    try:
        moment = datetime.fromisoformat(as_of)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        return CdpReading(reason="CDP lag: as_of is not a time with its offset, such as 2026-07-01T09:00:00Z")
    return CdpReading(minutes_lag=float(answer["minutes_lag"]), as_of=moment.astimezone(UTC))
