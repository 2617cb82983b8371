"""Assembles the gateway."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from fastapi import FastAPI, Response
from starlette.exceptions import HTTPException

from leadops.delivery.database_mark import DatabaseMark
from leadops.delivery.outbox_worker import WorkerConfig
from leadops.erased.erased_filter import ErasedFilter
from leadops.events.event_contract import event_schema
from leadops.events.event_settings import EventSettings
from leadops.gateway import (
    answer_tools,
    collect,
    forms,
    health,
    metrics,
    secret_rotations,
    segment_calls,
    tracking_script,
)
from leadops.gateway.follow_settings import LOOK_SECONDS, SettingsFollower
from leadops.gateway.gateway_metrics import CountRequests
from leadops.gateway.gateway_parts import GatewayConfig, GatewayWiring
from leadops.gateway.gateway_settings import GatewaySettings
from leadops.gateway.openapi import describe_answer
from leadops.gateway.problems import ProblemError, show_failure, show_http_error, show_problem
from leadops.gateway.shared_secrets import SharedSecrets
from leadops.identity.identity_settings import IdentitySettings
from leadops.intake.tool_secrets import ToolSecrets, name_tool_variable
from leadops.secret_variables import FORMS, METRICS_TOKEN, PUBLIC_WRITE_KEY, WRITE_KEY
from leadops.watchdog.watchdog_config import WatchdogConfig
from leadops.watchdog.watchdog_thread import WatchdogThread

#: Seconds that a look of the watchdog has to end when the gateway stops; nothing is lost where it is cut off.
WATCHDOG_SECONDS = 1.0


def create_app(
    *,
    database_url: str,
    write_keys: tuple[str, ...],
    metrics_tokens: tuple[str, ...],
    form_secrets: tuple[str, ...],
    identity_secrets: tuple[str, ...],
    public_write_keys: tuple[str, ...] = (),
    tools: ToolSecrets | None = None,
    settings: GatewaySettings,
    events: EventSettings,
    identity: IdentitySettings,
    clock: Callable[[], datetime],
    ticks: Callable[[], float] = time.monotonic,
    worker_configs: Sequence[WorkerConfig] = (),
    refused: tuple[str, ...] = (),
    read_changes: Callable[[], GatewayConfig | None] = lambda: None,
    look_seconds: float = LOOK_SECONDS,
    watchdog: WatchdogConfig | None = None,
    erased: ErasedFilter | None = None,
    mark: DatabaseMark | None = None,
) -> FastAPI:
    """Return the gateway as an ASGI app; it starts, and answers 503, also while the database is away.

    `clock` returns the time in UTC, `ticks` counts the seconds of the rate limits. While it serves, an outbox
    worker sends to each target in `worker_configs`, and `watchdog` watches whether tasks run. Every
    `look_seconds` it takes the settings that `read_changes` returns; `refused` names the files in whose place
    former settings are in force. `erased` recognises people who were erased.
    Of two secrets the first is the new one. `public_write_keys` are those of apps and pages, `tools` has the
    secrets of form tools.
    `mark` notices when the database goes back.
    """
    tools = tools or ToolSecrets()
    config = GatewayConfig(settings, events, identity, tuple(worker_configs), refused)
    wiring = GatewayWiring(
        database_url=database_url,
        secrets=SharedSecrets(
            {
                WRITE_KEY.name: write_keys,
                PUBLIC_WRITE_KEY.name: public_write_keys,
                METRICS_TOKEN.name: metrics_tokens,
                FORMS.name: form_secrets,
                **{name_tool_variable(tool): secrets for tool, secrets in tools.secrets.items()},
            },
            clock=clock,
        ),
        form_secrets=form_secrets,
        identity_secrets=identity_secrets,
        limits_secret=write_keys[-1],  # while there are two, those that know only the old one share it
        tools=tools,
        clock=clock,
        ticks=ticks,
        erased=erased or ErasedFilter(),
        mark=mark,
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        follower = SettingsFollower(app, config, wiring, read=read_changes, seconds=look_seconds)
        await follower.start()
        watching = WatchdogThread(watchdog) if watchdog else None
        if watching:
            watching.start()
        try:
            yield
        finally:
            if watching:
                await asyncio.to_thread(watching.stop, seconds=WATCHDOG_SECONDS)
            await follower.stop()

    app = FastAPI(title="leadops gateway", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    for part in (
        collect,
        segment_calls,
        forms,
        answer_tools,
        health,
        metrics,
        secret_rotations,
        tracking_script,
    ):
        app.include_router(part.router)
    app.add_middleware(CountRequests, metrics=wiring.metrics)
    schema = json.dumps(event_schema())

    @app.get(
        "/schema/event.json",
        response_class=Response,
        responses=describe_answer(200, "The event contract", "application/schema+json"),
    )
    async def show_schema() -> Response:
        return Response(schema, media_type="application/schema+json")

    app.add_exception_handler(ProblemError, show_problem)
    app.add_exception_handler(HTTPException, show_http_error)
    app.add_exception_handler(Exception, show_failure)
    return app
