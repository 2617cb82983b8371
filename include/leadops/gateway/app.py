"""The gateway, put together."""

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from fastapi import FastAPI, Response
from starlette.exceptions import HTTPException

from leadops.events.contract import event_schema
from leadops.events.settings import EventSettings
from leadops.gateway import collect, health, metrics, script
from leadops.gateway.database import make_pool
from leadops.gateway.problems import Problem, show_failure, show_http_error, show_problem
from leadops.gateway.rates import RateLimiter
from leadops.gateway.settings import GatewaySettings, RateSettings
from leadops.gateway.state import Gateway


def create_app(
    *,
    database_url: str,
    write_key: str,
    metrics_token: str,
    settings: GatewaySettings,
    events: EventSettings,
    clock: Callable[[], datetime],
    ticks: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """Return the gateway as an ASGI app; it starts, and answers 503, also while the database is away.

    `clock` tells the time in UTC, `ticks` counts the seconds of the rate limits.
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
            browsers=limiter(settings.browsers),
            senders=limiter(settings.senders),
            clock=clock,
        )
        await pool.open(wait=False)
        try:
            yield
        finally:
            await pool.close(timeout=settings.database_seconds)

    app = FastAPI(title="leadops gateway", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    for part in (collect, health, metrics, script):
        app.include_router(part.router)
    schema = json.dumps(event_schema())

    @app.get("/schema/event.json")
    async def show_schema() -> Response:
        return Response(schema, media_type="application/schema+json")

    app.add_exception_handler(Problem, show_problem)
    app.add_exception_handler(HTTPException, show_http_error)
    app.add_exception_handler(Exception, show_failure)
    return app
