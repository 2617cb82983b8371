"""Assembles the gateway."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from fastapi import FastAPI, Response
from starlette.exceptions import HTTPException

from leadops.delivery.outbox_worker import OutboxWorkers, WorkerConfig
from leadops.events.event_contract import event_schema
from leadops.events.event_settings import EventSettings
from leadops.gateway import collect, forms, health, metrics, tracking_script
from leadops.gateway.database import make_pool
from leadops.gateway.forms import FormState
from leadops.gateway.gateway_settings import GatewaySettings, RateSettings
from leadops.gateway.gateway_state import Gateway
from leadops.gateway.openapi import describe_answer
from leadops.gateway.outbox_notifier import OutboxNotifier
from leadops.gateway.problems import ProblemError, show_failure, show_http_error, show_problem
from leadops.gateway.rate_limiter import RateLimiter
from leadops.gateway.refusal_counter import RefusalCounter
from leadops.identity.identity_settings import IdentitySettings

#: Seconds that calls of the outbox workers have to end when the gateway stops.
WORKER_SECONDS = 12.0


def create_app(
    *,
    database_url: str,
    write_key: str,
    metrics_token: str,
    form_secrets: tuple[str, ...],
    identity_secrets: tuple[str, ...],
    settings: GatewaySettings,
    events: EventSettings,
    identity: IdentitySettings,
    clock: Callable[[], datetime],
    ticks: Callable[[], float] = time.monotonic,
    worker_configs: Sequence[WorkerConfig] = (),
) -> FastAPI:
    """Return the gateway as an ASGI app; it starts, and answers 503, also while the database is away.

    `clock` returns the time in UTC, `ticks` counts the seconds of the rate limits. While it serves, an outbox
    worker sends to each target in `worker_configs`.
    """

    def limiter(rate: RateSettings) -> RateLimiter:
        return RateLimiter(
            rate=rate.events_per_second, burst=rate.burst, max_addresses=settings.max_addresses, clock=ticks
        )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        pool = make_pool(database_url, settings)
        app.state.gateway = Gateway(
            settings=settings,
            events=events,
            pool=pool,
            write_key=write_key,
            metrics_token=metrics_token,
            identity_secrets=identity_secrets,
            browsers=limiter(settings.browsers),
            senders=limiter(settings.senders),
            clock=clock,
        )
        app.state.forms = forms_state = FormState(
            secrets=form_secrets,
            identity=identity,
            signers=limiter(settings.forms.signers),
            unauthenticated=limiter(settings.forms.unauthenticated),
            refusals=RefusalCounter(pool, clock=clock),
            notifier=OutboxNotifier(pool),
        )
        app.state.outbox_workers = workers = OutboxWorkers(worker_configs)
        await pool.open(wait=False)
        workers.start()
        try:
            yield
        finally:
            await forms_state.notifier.close()
            await forms_state.refusals.close()
            await asyncio.to_thread(workers.stop, seconds=WORKER_SECONDS)
            await pool.close(timeout=settings.database_seconds)

    app = FastAPI(title="leadops gateway", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    for part in (collect, forms, health, metrics, tracking_script):
        app.include_router(part.router)
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
