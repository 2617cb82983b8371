"""GET /metrics/lag: how far the event feed is behind, for whoever holds the metrics token."""

import json
from dataclasses import asdict

from fastapi import APIRouter, Request, Response

from leadops.db import AsyncConnection
from leadops.events.lag import Lag, measure_lag
from leadops.gateway.gateway_state import gateway_of, is_secret
from leadops.gateway.openapi import LAG_OPENAPI, describe_answer, describe_problems
from leadops.gateway.problems import ProblemError

router = APIRouter()


@router.get(
    "/metrics/lag",
    response_class=Response,
    responses=describe_answer(
        200, "The lag", "application/json", {"minutes_lag": {"type": "number"}, "as_of": {"type": "string"}}
    )
    | describe_problems(401, 503),
    openapi_extra=LAG_OPENAPI,
)
async def lag(request: Request) -> Response:
    """Answer {"minutes_lag", "as_of", …}, the fields of leadops.events.lag.Lag."""
    gateway = gateway_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not is_secret(token.strip(), gateway.metrics_token):
        raise ProblemError(
            401,
            "Send Authorization: Bearer with the gateway's LEADOPS_METRICS_TOKEN.",
            {"WWW-Authenticate": "Bearer"},
        )

    async def measure(connection: AsyncConnection) -> Lag:
        return await measure_lag(connection, now=gateway.clock(), settings=gateway.events.lag)

    measured = await gateway.ask(measure, seconds=gateway.settings.answer_seconds)
    document = asdict(measured) | {"as_of": measured.as_of.isoformat()}
    return Response(json.dumps(document), media_type="application/json")
