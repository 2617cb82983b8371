"""GET /healthz: 200 only while events can be stored, so that a load balancer can go elsewhere."""

import json
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response

from leadops.db import AsyncConnection
from leadops.delivery.outbox_worker import OutboxWorkers
from leadops.gateway.gateway_state import gateway_of
from leadops.gateway.openapi import describe_answer, describe_problems
from leadops.gateway.problems import ProblemError
from leadops.incidents.heartbeats import ALERTS_DAG
from leadops.queries import Queries

queries = Queries(__file__)
router = APIRouter()


@dataclass(frozen=True)
class DatabaseState:
    """Whether the tables exist, and whether the server takes writes (a standby does not)."""

    is_migrated: bool
    takes_writes: bool


async def find_last_check(connection: AsyncConnection) -> datetime | None:
    """Return when check_alerts last succeeded (UTC), or None if it never has."""
    last: datetime | None = await queries.value_async(connection, "find_last_check", name=ALERTS_DAG)
    return last


@router.head("/healthz", include_in_schema=False)
@router.get(
    "/healthz",
    response_class=Response,
    responses=describe_answer(
        200,
        "It takes events and forms",
        "application/json",
        {
            "status": {"const": "ok"},
            "delivery": {"type": "object"},
            "refused_settings": {"type": "array", "items": {"type": "string"}},
            "checks": {
                "type": "object",
                "properties": {
                    "last_at": {"type": ["string", "null"], "format": "date-time"},
                    "age_seconds": {"type": ["number", "null"]},
                },
            },
        },
    )
    | describe_problems(503),
)
async def healthz(request: Request) -> Response:
    """Query the database; 503 if it is too slow, lacks the tables or is read-only.

    `delivery` gives the state of each target's outbox workers: on, waiting (for the database) or off;
    `refused_settings` the broken settings files in whose place the former settings are in force.
    `checks` says when check_alerts last succeeded, which it cannot report itself; null: never. It changes no
    status, because events are stored without it.
    """
    gateway = gateway_of(request)

    async def check(connection: AsyncConnection) -> DatabaseState:
        return await queries.one_async(connection, "check_database", DatabaseState)

    state = await gateway.ask(check, seconds=gateway.settings.health_seconds)
    if not state.is_migrated:
        raise ProblemError(503, "The database lacks the tables; run `leadops migrate`.")
    if not state.takes_writes:
        raise ProblemError(503, "The database takes no writes; point LEADOPS_DATABASE_URL at the primary.")
    last_at = await gateway.ask(find_last_check, seconds=gateway.settings.health_seconds)
    age = None if last_at is None else max(0.0, (gateway.clock() - last_at).total_seconds())
    checks = {
        "last_at": last_at and last_at.isoformat(),
        "age_seconds": None if age is None else round(age, 1),
    }
    workers: OutboxWorkers = request.app.state.outbox_workers
    refused: tuple[str, ...] = request.app.state.refused_settings
    document = {
        "status": "ok",
        "delivery": workers.states(),
        "refused_settings": refused,
        "checks": checks,
    }
    return Response(json.dumps(document), media_type="application/json")
