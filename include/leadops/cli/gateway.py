"""`leadops gateway`: take events over HTTP."""

import os
from typing import Annotated

import typer

from leadops.cli.context import clock, console
from leadops.errors import ConfigError
from leadops.events.settings import EventSettings
from leadops.gateway.app import create_app
from leadops.gateway.serve import listen, make_server
from leadops.gateway.settings import GatewaySettings
from leadops.settings import database_url, load_config


def gateway(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8081,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 is all of them.")] = "127.0.0.1",
) -> None:
    """Serve POST /collect, GET /metrics/lag, GET /schema/event.json and GET /healthz until stopped."""
    app = create_app(
        database_url=database_url(),
        write_key=_secret("LEADOPS_WRITE_KEY", "servers send events with it"),
        metrics_token=_secret("LEADOPS_METRICS_TOKEN", "GET /metrics/lag asks for it"),
        settings=load_config("gateway", GatewaySettings),
        events=load_config("events", EventSettings),
        clock=clock,
    )
    listener = listen(host, port)
    console.print(f"gateway: http://{host}:{listener.getsockname()[1]}/collect", highlight=False)
    make_server(app).run(sockets=[listener])


def _secret(name: str, use: str) -> str:
    value = os.environ.get(name, "")
    if len(value) < 16:
        raise ConfigError(f"{name} is missing or shorter than 16 characters; {use}: give a random one")
    return value
