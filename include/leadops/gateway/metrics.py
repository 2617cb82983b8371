"""GET /metrics and /metrics/lag: how the work goes, for whoever holds the metrics token."""

import json
from collections.abc import Iterator
from dataclasses import asdict

from fastapi import APIRouter, Request, Response
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from leadops.db import AsyncConnection
from leadops.events.lag import Lag, measure_lag
from leadops.gateway.gateway_metrics import GatewayState
from leadops.gateway.gateway_state import Gateway, gateway_of
from leadops.gateway.openapi import METRICS_ANSWER, TOKEN_OPENAPI, describe_answer, describe_problems
from leadops.gateway.problems import ProblemError
from leadops.secret_variables import METRICS_TOKEN

router = APIRouter()


class Scrape(Collector):
    """The metrics of several collectors."""

    def __init__(self, *collectors: Collector) -> None:
        self._collectors = collectors

    def collect(self) -> Iterator[Family]:
        """Yield the metrics of each."""
        for collector in self._collectors:
            yield from collector.collect()


@router.get(
    "/metrics",
    response_class=Response,
    responses=describe_problems(401) | METRICS_ANSWER,
    openapi_extra=TOKEN_OPENAPI,
)
async def metrics(request: Request) -> Response:
    """Answer every metric of this gateway and of the database, as Prometheus reads it.

    While the database is away, leadops_database_up is 0 and what it would say is missing.
    """
    gateway = gateway_of(request)
    check_metrics_token(request, gateway)
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    state = request.app.state
    scrape = Scrape(
        await gateway.state_reader.find_metrics(),
        gateway.metrics.registry,
        GatewayState(state.outbox_workers, gateway.pool, state.refused_settings),
    )
    return Response(encode(scrape), media_type=content_type)


@router.get(
    "/metrics/lag",
    response_class=Response,
    responses=describe_answer(
        200, "The lag", "application/json", {"minutes_lag": {"type": "number"}, "as_of": {"type": "string"}}
    )
    | describe_problems(401, 503),
    openapi_extra=TOKEN_OPENAPI,
)
async def lag(request: Request) -> Response:
    """Answer {"minutes_lag", "as_of", …}, the fields of leadops.events.lag.Lag."""
    gateway = gateway_of(request)
    check_metrics_token(request, gateway)

    async def measure(connection: AsyncConnection) -> Lag:
        return await measure_lag(connection, now=gateway.clock(), settings=gateway.events.lag)

    measured = await gateway.ask(measure, seconds=gateway.settings.answer_seconds)
    document = asdict(measured) | {"as_of": measured.as_of.isoformat()}
    return Response(json.dumps(document), media_type="application/json")


def check_metrics_token(request: Request, gateway: Gateway) -> None:
    """Raise a ProblemError (401) unless the caller has the metrics token."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not gateway.secrets.admits(METRICS_TOKEN.name, token.strip()):
        raise ProblemError(
            401,
            "Send Authorization: Bearer with the gateway's LEADOPS_METRICS_TOKEN.",
            {"WWW-Authenticate": "Bearer"},
        )
