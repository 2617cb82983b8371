"""`leadops gateway`: accept events and forms over HTTP."""

import os
import sys
from typing import Annotated

import typer

from leadops.cli.context import clock
from leadops.cli.terminal import console
from leadops.configuration import Config
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.outbox_worker import WorkerConfig
from leadops.errors import ConfigError
from leadops.gateway.app import create_app
from leadops.gateway.serve import listen, make_server
from leadops.intake.signing_secrets import FORMS, IDENTITIES, read_secrets
from leadops.settings import database_url, endpoint


def gateway(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8081,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 is all of them.")] = "127.0.0.1",
) -> None:
    """Accept events and forms over HTTP until stopped, and send new leads to the MA and the CRM at once."""
    config = Config.from_environment()
    app = create_app(
        database_url=database_url(),
        write_key=_secret("LEADOPS_WRITE_KEY", "servers send events with it"),
        metrics_token=_secret("LEADOPS_METRICS_TOKEN", "GET /metrics/lag asks for it"),
        form_secrets=read_secrets(FORMS, os.environ),
        identity_secrets=read_secrets(IDENTITIES, os.environ),
        settings=config.gateway,
        events=config.events,
        identity=config.identity,
        clock=clock,
        worker_configs=_worker_configs(config.delivery),
    )
    # The outbox workers' threads yield after this many seconds, so that answers do not wait for them.
    sys.setswitchinterval(0.001)
    listener = listen(host, port)
    console.print(f"gateway: http://{host}:{listener.getsockname()[1]}/collect", highlight=False)
    make_server(app).run(sockets=[listener])


def _worker_configs(settings: DeliverySettings) -> list[WorkerConfig]:
    """Return a worker's configuration for each configured target; for the others /healthz says `off`."""
    known = [name for name in ("ma", "crm") if os.environ.get(f"AIRFLOW_CONN_LEADOPS_{name.upper()}")]
    return [WorkerConfig(name, endpoint(name), database_url(), settings, clock) for name in known]


def _secret(name: str, use: str) -> str:
    value = os.environ.get(name, "")
    if len(value) < 16:
        raise ConfigError(f"{name} is missing or shorter than 16 characters; {use}: give a random one")
    return value
