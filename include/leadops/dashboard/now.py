"""The page Now: how far each hop is behind, what waits, what fails, and whether the minute's DAGs run."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi import APIRouter, Response

from leadops.configuration import Config
from leadops.dashboard.answers import encode_answer
from leadops.dashboard.now_canary import CanaryHopState, LaneState, read_canary, read_lanes
from leadops.dashboard.now_hops import MAX_ROWS, HopLag, Status, read_hops
from leadops.dashboard.now_incidents import ShownIncident, show_incidents
from leadops.dashboard.now_targets import TargetState, read_targets
from leadops.dashboard.reader import Look, ReaderDep
from leadops.dashboard.wiring import Dashboard, DashboardDep, NowPage
from leadops.db import Connection
from leadops.delivery.backlog_checks import list_score_backlogs
from leadops.delivery.database_mark import find_hold
from leadops.incidents.alert_settings import AlertSettings
from leadops.incidents.task_results import list_beats
from leadops.queries import Queries

queries = Queries(__file__)
router = APIRouter(tags=["now"])

#: Minutes of the chart, and of which the usual times are.
CHART_MINUTES = 60
MINUTE = timedelta(minutes=1)
#: A DAG of every minute whose last success is older than this many minutes is late.
LATE_AFTER = 3


@dataclass(frozen=True)
class MinutePushes:
    """Score changes and other calls that arrived in one minute."""

    starts_at: datetime
    deltas: int
    effects: int


@dataclass(frozen=True)
class ArrivalCounts:
    """Events accepted in the last hour (at most MAX_ROWS), calls refused whole, and events in quarantine."""

    accepted: int
    refused_calls: int
    quarantined: int


@dataclass(frozen=True)
class MinuteDag:
    """A DAG of every minute: its last success, those of its tasks, and whether an incident is about it."""

    dag_id: str
    status: Status
    succeeded_at: datetime | None
    tasks: dict[str, datetime]
    is_failing: bool
    url: str


@dataclass(frozen=True)
class FailingChannelState:
    """A channel to on-call (slack, pagerduty) that takes nothing since then (UTC)."""

    channel: str
    failing_since: datetime
    problem: str


@dataclass(frozen=True)
class NowAnswer:
    """What the page Now shows. `held_since` (UTC): nothing is sent since then, for the reason beside it."""

    hops: list[HopLag]
    canary: list[CanaryHopState]
    live: LaneState | None
    targets: list[TargetState]
    arrivals: ArrivalCounts
    pushes: list[MinutePushes]
    incidents: list[ShownIncident]
    dags: list[MinuteDag]
    failing_channels: list[FailingChannelState]
    held_since: datetime | None
    held_reason: str


def read_now(
    connection: Connection,
    *,
    now: datetime,
    config: Config,
    names_people: bool,
    slack_url: str,
    airflow_url: str,
) -> NowAnswer:
    """Return what the page shows at `now` (UTC); `slack_url` and `airflow_url` begin the links."""
    alerts, since = config.alerts, now - CHART_MINUTES * MINUTE
    incidents = show_incidents(
        connection,
        company=config.company,
        alerts=alerts.model_copy(update={"airflow_base_url": airflow_url}) if airflow_url else alerts,
        slack_url=slack_url,
        names_people=names_people,
    )
    hold, backlogs = find_hold(connection), list_score_backlogs(connection)
    return NowAnswer(
        hops=read_hops(connection, backlogs, now=now, since=since, alerts=alerts),
        canary=read_canary(connection, now=now),
        live=read_lanes(connection, now=now),
        targets=read_targets(connection, backlogs, now=now, alerts=alerts),
        arrivals=queries.one(connection, "count_arrivals", ArrivalCounts, since=since, max_rows=MAX_ROWS),
        pushes=queries.all(connection, "count_pushes", MinutePushes, now=now, since=since + MINUTE),
        incidents=incidents,
        dags=_read_dags(connection, now=now, alerts=alerts, airflow_url=airflow_url),
        failing_channels=queries.all(connection, "list_failing_channels", FailingChannelState),
        held_since=hold.held_at if hold else None,
        held_reason=hold.reason if hold else "",
    )


def _read_dags(
    connection: Connection, *, now: datetime, alerts: AlertSettings, airflow_url: str
) -> list[MinuteDag]:
    names = alerts.watchdog.dags
    beats = {beat.name: beat.succeeded_at for beat in list_beats(connection, names)}
    failing = set(queries.values(connection, "list_failing_dags", dags=list(names)))
    dags = []
    for dag_id in names:
        last = beats.get(dag_id)
        limit = alerts.stopped_after_minutes.get(dag_id) or float("inf")
        minutes = None if last is None else (now - last) / MINUTE
        status: Status = "unknown" if minutes is None else "good"
        if dag_id in failing or (minutes is not None and minutes > limit):
            status = "bad"
        elif minutes is not None and minutes > LATE_AFTER:
            status = "warn"
        tasks = {name.partition(".")[2]: at for name, at in beats.items() if name.startswith(f"{dag_id}.")}
        url = f"{airflow_url}/dags/{dag_id}"
        dags.append(MinuteDag(dag_id, status, last, tasks, dag_id in failing, url))
    return dags


def make_page(dashboard: Dashboard, *, names_people: bool) -> NowPage:
    """Return the JSON of the page, read now, and whom it shows."""
    now = dashboard.clock()
    with dashboard.database.read() as connection:
        answer = read_now(
            connection,
            now=now,
            config=dashboard.read_config(),
            names_people=names_people,
            slack_url=dashboard.find_slack(),
            airflow_url=dashboard.airflow_url,
        )
    looks = [Look("incident", incident.incident_id) for incident in answer.incidents if incident.names_people]
    return NowPage(encode_answer(answer, as_of=now), looks)


@router.get("/api/now", response_model=NowAnswer)
def show_now(dashboard: DashboardDep, reader: ReaderDep) -> Response:
    """What goes on this minute: lags, backlogs, calls, refusals, incidents, DAGs. Kept for five seconds."""
    key = reader.sees_people
    page = dashboard.now_cache.get(key, lambda: make_page(dashboard, names_people=key))
    dashboard.record_looks(reader, page.looks)
    return Response(page.body, media_type="application/json")
