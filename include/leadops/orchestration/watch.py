"""The tasks of check_alerts and watch_sla: run the checks, bring Slack up to date, keep the SLA clocks."""

import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from leadops.alerts.checks import CHECKS
from leadops.alerts.notify import notify_incidents
from leadops.clients.cdp import CdpClient
from leadops.clients.crm import CrmClient
from leadops.configuration import Config
from leadops.crm.poll import poll_crm
from leadops.errors import PermanentError, TransientError
from leadops.incidents.alert_settings import AlertSettings
from leadops.incidents.check import CdpReading
from leadops.incidents.run_checks import run_checks
from leadops.orchestration.connections import SlackChat, find_endpoint, open_database
from leadops.orchestration.heartbeat import note_success
from leadops.orchestration.runs import now
from leadops.sla.watch_clocks import watch_clocks

log = logging.getLogger(__name__)

Context = Mapping[str, Any]
Counts = dict[str, Any]

#: Both tasks of check_alerts: `notify` runs even when `check` failed, so its success alone is not the DAG's.
CHECK_TASKS = ("check", "notify")
#: The last task of watch_sla.
SLA_LEAVES = ("clock",)


def run_all_checks(context: Context) -> Counts:
    """Ask the CDP for its lag, run every check and bring the incidents up to date."""
    settings, reading = _alert_settings(Config.from_environment()), _read_cdp()
    with open_database("check") as connection:
        result = run_checks(connection, CHECKS, settings=settings, now=now(), cdp=reading)
        note_success(context, connection, leaves=CHECK_TASKS)
    if reading.minutes_lag is None:
        log.warning("the CDP does not answer: %s", reading.reason)
    else:
        log.info("the CDP is %.1f minutes behind", reading.minutes_lag)
    log.info("%s incidents open; failed checks: %s", result.open, ", ".join(result.failed) or "none")
    return asdict(result) | {"failed": list(result.failed), "minutes_lag": reading.minutes_lag}


def poll() -> Counts:
    """Mirror what the salespeople did. A CRM that is down or refuses is no failure: the clocks are held."""
    client = CrmClient(find_endpoint("crm"))
    try:
        with open_database("poll") as connection:
            polled = poll_crm(connection, client, now=now())
    except TransientError as error:
        log.warning("%s; the SLA clocks are held until it is back", error)
        return {"activities": 0, "reps": 0, "unreachable": 1}
    except PermanentError as error:
        log.warning(
            "%s; correct host and password of the connection leadops_crm. The SLA clocks are held until then",
            error,
        )
        return {"activities": 0, "reps": 0, "unreachable": 1}
    finally:
        client.close()
    log.info("%s activities, %s salespeople changed; as of %s", polled.activities, polled.reps, polled.as_of)
    return {"activities": polled.activities, "reps": polled.reps, "unreachable": 0}


def watch(context: Context) -> Counts:
    """Bring the SLA clocks up to date."""
    config = Config.from_environment()
    policy = config.sla
    with open_database("watch") as connection:
        watched = watch_clocks(connection, policy=policy, now=now())
        note_success(context, connection, leaves=SLA_LEAVES)
    log.info(
        "%s clocks running, %s at risk, %s held, %s breached",
        *(watched.running, watched.at_risk, watched.held, watched.breached),
    )
    return asdict(watched)


def notify(context: Context) -> Counts:
    """Bring Slack in line with the incidents. Slack down is no failure: they stay on record."""
    config = Config.from_environment()
    settings = _alert_settings(config)
    with open_database("notify") as connection:
        result = notify_incidents(
            connection,
            SlackChat(settings),
            settings=settings,
            company=config.company,
            clock=now,
            sleep=time.sleep,
        )
        note_success(context, connection, leaves=CHECK_TASKS)
    for problem in result.problems:
        log.warning("%s", problem)
    counts = asdict(replace(result, problems=()))
    counts.pop("problems")
    log.info("Slack: %s", ", ".join(f"{count} {what}" for what, count in counts.items()))
    return counts


def _read_cdp() -> CdpReading:
    client = CdpClient(find_endpoint("cdp"))
    try:
        return _form_reading(client.lag())
    except (TransientError, PermanentError) as error:
        return CdpReading(reason=str(error))
    finally:
        client.close()


def _form_reading(answer: Mapping[str, Any]) -> CdpReading:
    """Return what the CDP's answer says; one whose time cannot be read says nothing, for a reason."""
    as_of = answer.get("as_of")
    if as_of is None:
        return CdpReading(minutes_lag=float(answer["minutes_lag"]))
    try:
        time_of = datetime.fromisoformat(as_of)
    except (TypeError, ValueError):
        time_of = None
    if time_of is None or time_of.tzinfo is None:
        return CdpReading(reason="CDP lag: as_of is not a time with its offset, such as 2026-07-01T09:00:00Z")
    return CdpReading(minutes_lag=float(answer["minutes_lag"]), as_of=time_of.astimezone(UTC))


def _alert_settings(config: Config) -> AlertSettings:
    """Return the settings of alerts, with the address of this Airflow for links to runs."""
    from airflow.sdk.configuration import conf

    base_url = conf.get("api", "base_url", fallback="").rstrip("/")
    settings = config.alerts
    return settings.model_copy(update={"airflow_base_url": base_url}) if base_url else settings
