"""What a watchdog needs to watch and to notify."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from leadops.clients.chat import Chat
from leadops.clients.pagerduty import Pager
from leadops.company import Company
from leadops.incidents.alert_settings import AlertSettings
from leadops.watchdog.dead_mans_switch import DeadMansSwitch


@dataclass(frozen=True)
class WatchdogSources:
    """The settings of one round: limits and channel, zone and language."""

    alerts: AlertSettings
    company: Company


@dataclass(frozen=True)
class WatchdogConfig:
    """What a watchdog needs. `seen_by` names it in messages; URLs are libpq URLs.

    Without `airflow_database_url` it watches only what the tasks leave in the database of leadops. Where
    `read_sources` raises, the last sources stay in use, at first `shipped`. `act` is called at each look
    while tasks stand still, with the seconds since the last one finished; what it returns is added to the
    incident, and unless that is empty the watch begins again. `open_pager` returns None where PagerDuty is
    off.
    """

    seen_by: str
    database_url: str = field(repr=False)
    airflow_database_url: str = field(repr=False)
    read_sources: Callable[[], WatchdogSources]
    shipped: WatchdogSources
    open_chat: Callable[[AlertSettings], Chat]
    clock: Callable[[], datetime]
    open_pager: Callable[[], Pager | None] = lambda: None
    switch: DeadMansSwitch | None = None
    act: Callable[[float], Mapping[str, Any]] = lambda _: {}
