"""`leadops gateway`: accept events and forms over HTTP."""

import gc
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated

import psycopg
import typer

from leadops.cli.context import clock, find_product, open_gateway_connection, sleep
from leadops.cli.terminal import console, print_warning
from leadops.cli.watchdog import can_notify, make_watchdog_config
from leadops.clients.network_route import read_route
from leadops.config.settings_folder import FileState
from leadops.configuration import Config
from leadops.consent.consent_settings import ConsentSettings
from leadops.consent.settings_in_force import follow_settings
from leadops.delivery.database_mark import open_mark
from leadops.delivery.outbox_worker import WorkerConfig
from leadops.effect_guards import EFFECT_GUARDS
from leadops.erased.erased_filter import ErasedFilter
from leadops.errors import ConfigError, LeadopsError
from leadops.gateway.app import create_app
from leadops.gateway.gateway_parts import GatewayConfig
from leadops.gateway.serve import listen, make_server
from leadops.intake.tool_secrets import ToolSecrets
from leadops.secret_variables import (
    FORMS,
    IDENTITIES,
    METRICS_TOKEN,
    PUBLIC_WRITE_KEY,
    WRITE_KEY,
    read_secrets,
)
from leadops.settings import GATEWAY_URL, database_url, mark_folder

#: The settings of the gateway.
SECTIONS = ("company", "gateway", "events", "forms", "identity", "delivery", "products", "consent")
#: How often the gateway reads its settings though no file changed.
READ_EVERY = timedelta(minutes=1)


def gateway(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8081,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 is all of them.")] = "127.0.0.1",
    own_port: Annotated[
        int | None,
        typer.Option(
            help="With several gateways on --port: the port of this one alone, for its health and metrics."
        ),
    ] = None,
) -> None:
    """Accept events and forms over HTTP until stopped, and send new leads to the MA and the CRM at once.

    With a connection for Slack or PagerDuty it also watches whether tasks run, as `leadops watchdog` does.
    With --own-port, several gateways of one machine share --port.
    """
    reader = SettingsReader()
    config = reader.read()
    app = create_app(
        database_url=database_url(GATEWAY_URL),
        write_keys=read_secrets(WRITE_KEY, os.environ),
        public_write_keys=_read_public_keys(),
        metrics_tokens=read_secrets(METRICS_TOKEN, os.environ),
        form_secrets=read_secrets(FORMS, os.environ),
        identity_secrets=read_secrets(IDENTITIES, os.environ),
        tools=ToolSecrets.of(os.environ),
        erased=ErasedFilter.of(os.environ),
        mark=open_mark(mark_folder()),
        settings=config.settings,
        events=config.events,
        identity=config.identity,
        clock=clock,
        worker_configs=config.worker_configs,
        refused=config.refused,
        read_changes=reader.read_changes,
        watchdog=make_watchdog_config("gateway", os.environ) if can_notify(os.environ) else None,
    )
    # The outbox workers' threads yield after this many seconds, so that answers do not wait for them.
    sys.setswitchinterval(0.001)
    listeners = [listen(host, port, is_shared=own_port is not None)]
    if own_port is not None:
        listeners.append(listen(host, own_port))
    console.print(f"gateway: http://{host}:{listeners[0].getsockname()[1]}/collect", highlight=False)
    # What was made until now stays: looking through it for garbage, again and again, would cost each request.
    gc.collect()
    gc.freeze()
    make_server(app).run(sockets=listeners)


class SettingsReader:
    """Reads the gateway's settings at its start, and again whenever a file changed.

    Every minute it reads them anyway: a file may have been forgotten in the database. While the database does
    not answer, changes wait: whether a file is broken or complete can only be decided with it.
    """

    def __init__(self) -> None:
        self._files: Mapping[str, FileState] = {}
        self._read_at: datetime | None = None
        self._config: GatewayConfig | None = None
        self._consent: ConsentSettings | None = None

    def read(self) -> GatewayConfig:
        """Return the settings in force; raise ConfigError where a file is refused and nothing is in force."""
        return self._read(self._open())

    def read_changes(self) -> GatewayConfig | None:
        """Return the settings in force if they may have changed; what is broken leaves them as they are."""
        if self._config is None or not self._is_due():
            return None
        config, former = self._open(), self._config
        try:
            changed = self._read(config)
        except LeadopsError as error:
            print_warning(error)
            return replace(former, refused=_name_refused(config))
        if not config.knows_kept:
            self._config = former
            return None
        return changed

    def _is_due(self) -> bool:
        files = Config.from_environment().read_files(SECTIONS)
        return files != self._files or self._read_at is None or clock() - self._read_at >= READ_EVERY

    def _open(self) -> Config:
        config = Config.in_force(
            part="gateway",
            open_database=open_gateway_connection,
            clock=clock,
            sleep=sleep,
            needs_database=False,
        )
        self._files, self._read_at = config.read_files(SECTIONS), clock()
        return config

    def _read(self, config: Config) -> GatewayConfig:
        config.read_all(SECTIONS)  # so that every refused file is named
        self._follow_consent(config)
        workers = tuple(_worker_configs(config))
        read = GatewayConfig(config.gateway, config.events, config.identity, workers)
        if not config.knows_kept:
            self._read_at = None  # soon again
        self._config = replace(read, refused=_name_refused(config))
        return self._config

    def _follow_consent(self, config: Config) -> None:
        """Let the outbox workers ask for consent by the settings of now; the tasks do so every minute."""
        if not config.knows_kept or config.consent == self._consent:
            return
        try:
            with open_gateway_connection() as connection, connection.transaction():
                follow_settings(connection, config.consent, now=clock())
        except (psycopg.Error, LeadopsError):
            return  # the database is away or takes no writes: at the next look
        self._consent = config.consent


def _name_refused(config: Config) -> tuple[str, ...]:
    return tuple(f"{section}.yaml" for section in sorted(config.refused))


def _worker_configs(config: Config) -> list[WorkerConfig]:
    """Return a worker's configuration for each configured target; for the others /healthz says `off`."""
    known = [name for name in ("ma", "crm") if os.environ.get(f"AIRFLOW_CONN_LEADOPS_{name.upper()}")]
    mark, url = open_mark(mark_folder()), database_url(GATEWAY_URL)
    endpoints = {name: find_product(name, config) for name in known}
    for target in endpoints.values():
        read_route(target.extra)  # a worker's thread could not say what is wrong
    return [
        WorkerConfig(name, target, url, config.delivery, clock, mark, EFFECT_GUARDS)
        for name, target in endpoints.items()
    ]


def _read_public_keys() -> tuple[str, ...]:
    """Return the write keys of apps and pages, which must not be the servers'."""
    keys = read_secrets(PUBLIC_WRITE_KEY, os.environ)
    if set(keys) & set(read_secrets(WRITE_KEY, os.environ)):
        raise ConfigError(f"{PUBLIC_WRITE_KEY.name} is {WRITE_KEY.name}; everybody can read it: give another")
    return keys
