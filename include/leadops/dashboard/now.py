"""The page Now: what is going on this minute."""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Response

from leadops.dashboard.answers import answer_json
from leadops.dashboard.wiring import ConnectionDep, DashboardDep
from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)
router = APIRouter(tags=["now"])


@dataclass(frozen=True)
class OpenIncident:
    """An open incident on the page; `opened_at` in UTC."""

    incident_id: int
    kind: str
    subject: str
    opened_at: datetime


@dataclass(frozen=True)
class NowAnswer:
    """What the page Now shows."""

    incidents: list[OpenIncident]


def read_now(connection: Connection) -> NowAnswer:
    """Return what is going on."""
    return NowAnswer(incidents=queries.all(connection, "list_open_incidents", OpenIncident))


@router.get("/api/now", response_model=NowAnswer)
def show_now(dashboard: DashboardDep, connection: ConnectionDep) -> Response:
    """What is going on this minute."""
    return answer_json(read_now(connection), as_of=dashboard.clock())
