"""`leadops watchdog`: tell on-call when tasks, checks or the database stand still."""

import os
import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from socket import gethostname
from typing import Annotated, Any

import typer

from leadops.cli.context import clock, open_gateway_connection, read_config
from leadops.cli.pagerduty import VARIABLE as PAGERDUTY
from leadops.cli.pagerduty import open_pager
from leadops.cli.slack import VARIABLE as SLACK
from leadops.cli.slack import open_chat
from leadops.cli.terminal import console
from leadops.configuration import Config
from leadops.errors import ConfigError
from leadops.settings import GATEWAY_URL, database_url
from leadops.watchdog.dead_mans_switch import open_switch
from leadops.watchdog.watchdog import Watchdog
from leadops.watchdog.watchdog_config import WatchdogConfig, WatchdogSources
from leadops.watchdog.watchdog_thread import watch_until


def watchdog(
    alive_file: Annotated[
        Path | None, typer.Option(help="Touch this file after each look, for a container's health check.")
    ] = None,
) -> None:
    """Tell on-call when tasks, checks or the database stand still, until stopped. Runs without Airflow."""
    config = make_watchdog_config("watchdog", os.environ)
    stop_asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop_asked.set())
    console.print(
        "watchdog: watches"
        + (" Airflow's queue and" if config.airflow_database_url else "")
        + " what tasks leave in the database"
        + ("; calls the dead man's switch" if config.switch else ""),
        highlight=False,
    )
    watch_until(stop_asked, Watchdog(config), after=alive_file.touch if alive_file else lambda: None)


def can_notify(environ: Mapping[str, str]) -> bool:
    """Whether `environ` has a way to on-call: Slack or PagerDuty."""
    return bool(environ.get(SLACK) or environ.get(PAGERDUTY))


def make_watchdog_config(
    role: str,
    environ: Mapping[str, str],
    *,
    act: Callable[[float], Mapping[str, Any]] = lambda _: {},
) -> WatchdogConfig:
    """Return the configuration of a watchdog of `role` on this machine, from the variables of `environ`.

    Raises ConfigError where no URL of the database is set.
    """
    url = database_url(GATEWAY_URL, environ)
    folder = environ.get("LEADOPS_CONFIG_DIR", "")

    def read_sources() -> WatchdogSources:
        try:
            return _read_sources(Config(Path(folder) if folder else None), environ)
        except ConfigError:
            if folder != os.environ.get("LEADOPS_CONFIG_DIR", ""):
                raise
            return _read_sources(read_config(open_gateway_connection).for_notifying(), environ)

    return WatchdogConfig(
        seen_by=f"{role} on {gethostname()}",
        database_url=url,
        airflow_database_url=environ.get("LEADOPS_AIRFLOW_READER_URL", ""),
        read_sources=read_sources,
        shipped=_read_sources(Config(), environ),
        open_chat=lambda settings: open_chat(settings, environ),
        open_pager=lambda: open_pager(environ),
        clock=clock,
        switch=open_switch(environ.get("LEADOPS_HEARTBEAT_URL", "")),
        act=act,
    )


def _read_sources(config: Config, environ: Mapping[str, str]) -> WatchdogSources:
    url = environ.get("AIRFLOW__API__BASE_URL", "").rstrip("/")
    update = {"airflow_base_url": url} if url else {}
    return WatchdogSources(config.alerts.model_copy(update=update), config.company)
