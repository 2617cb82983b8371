"""The tasks of the watching DAGs: look, compare with what is on record, tell."""

import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from leadops.alerts.alert_settings import AlertSettings
from leadops.alerts.check import check
from leadops.alerts.tell import tell
from leadops.alerts.watch_cdp import CdpReading
from leadops.clients.cdp import CdpClient
from leadops.clients.crm import CrmClient
from leadops.crm.poll import poll_crm
from leadops.errors import PermanentError, TransientError
from leadops.orchestration.connections import SlackChat, find_endpoint, open_database
from leadops.orchestration.heartbeat import note_success
from leadops.orchestration.runs import now
from leadops.settings import load_config
from leadops.sla.policy import SlaPolicy
from leadops.sla.watch import watch_clocks

log = logging.getLogger(__name__)

Context = Mapping[str, Any]
Counts = dict[str, Any]


def read_lag() -> Counts:
    """Ask the CDP how far it is behind and compare everything with the incidents on record."""
    reading = _read_cdp()
    with open_database("read_lag") as connection:
        checked = check(connection, settings=_alert_settings(), now=now(), cdp=reading)
    if reading.minutes_lag is None:
        log.warning("the CDP does not answer: %s; %s incidents open", reading.reason, checked.open)
    else:
        log.info("the CDP is %.1f minutes behind; %s incidents open", reading.minutes_lag, checked.open)
    return asdict(checked) | {"minutes_lag": reading.minutes_lag}


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


def watch() -> Counts:
    """Bring the SLA clocks up to date and compare everything with the incidents on record."""
    policy = load_config("sla", SlaPolicy)
    with open_database("watch") as connection:
        watched = watch_clocks(connection, policy=policy, now=now())
        checked = check(connection, settings=_alert_settings(), now=now())
    log.info(
        "%s clocks running, %s at risk, %s held, %s breached; %s incidents open",
        *(watched.running, watched.at_risk, watched.held, watched.breached, checked.open),
    )
    return asdict(watched) | {"incidents_open": checked.open}


def tell_incidents(context: Context) -> Counts:
    """Bring Slack in line with the incidents. Slack down is no failure: they stay on record."""
    settings = _alert_settings()
    with open_database("tell") as connection:
        told = tell(connection, SlackChat(settings), settings=settings, clock=now, sleep=time.sleep)
        note_success(context, connection, leaves=("tell",))
    for problem in told.problems:
        log.warning("%s", problem)
    counts = asdict(replace(told, problems=()))
    counts.pop("problems")
    log.info("told: %s", ", ".join(f"{count} {what}" for what, count in counts.items()))
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


def _alert_settings() -> AlertSettings:
    """Return config/alerts.yaml, with the address of this Airflow for links to runs."""
    from airflow.sdk.configuration import conf

    base_url = conf.get("api", "base_url", fallback="").rstrip("/")
    settings = load_config("alerts", AlertSettings)
    return settings.model_copy(update={"airflow_base_url": base_url}) if base_url else settings
