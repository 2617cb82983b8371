"""The Lead ops pages with many leads and events behind them: the JSON routes, and pages in a browser."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from urllib.parse import urlencode

import psycopg
import requests
from fastapi import FastAPI, Request
from fastapi.routing import APIRoute

from benchmarks.arena import open_arena
from benchmarks.dashboard_world import BUSY_LEAD, LAST_DAY, NOW, fill_dashboard_world
from benchmarks.figures import Figure, Measured
from benchmarks.first_page import time_first_pages
from benchmarks.percentiles import percentile
from leadops.configuration import Config
from leadops.dashboard.answer_cache import AnswerCache
from leadops.dashboard.dashboard_app import create_dashboard
from leadops.dashboard.reader import Look, Reader
from leadops.dashboard.wiring import DashboardWiring
from leadops.gateway.serve import serve_in_thread
from leadops.metrics.database_state import read_database_state

#: Milliseconds within which 95 of 100 answers have to come, and within which a page has to be drawn.
TARGET, PAGE_TARGET = 200, 1_000
#: The same for what a scrape of the gateway's /metrics reads.
METRICS_TARGET = 50


@dataclass(frozen=True)
class PageCall:
    """A call of a route of the pages: its path as the app declares it, and what it is called with.

    `may_lack_data`: the company may have too little for an answer, which then says so (404 or 422).
    """

    route: str
    parameters: dict[str, str] = field(default_factory=dict)
    path: dict[str, str] = field(default_factory=dict)
    may_lack_data: bool = False

    def accepts(self, status: int) -> bool:
        """Return whether an answer with this status is one."""
        return status == HTTPStatus.OK or (self.may_lack_data and status in (404, 422))

    @property
    def address(self) -> str:
        """The path with its query."""
        query = urlencode(self.parameters)
        return self.route.format(**self.path) + (f"?{query}" if query else "")


_YEAR = {"from": "2025-11-30", "to": str(LAST_DAY)}
_ALL = {"from": "2023-11-27", "to": str(LAST_DAY)}

#: What each route is called with. A route that needs nothing is called without parameters even if it is not
#: listed here; one that needs some has to be listed.
CALLS = (
    PageCall("/kpi"),
    PageCall("/kpi", _YEAR),
    PageCall("/kpi", _ALL),
    PageCall("/api/funnel"),
    PageCall("/api/funnel", {"by": "rep", "sort": "value"}),
    PageCall("/api/funnel", {**_YEAR, "by": "source", "q": "network-1"}),
    PageCall("/api/funnel", _ALL),
    PageCall("/api/funnel.csv", _YEAR),
    PageCall("/api/funnel/rows", {"number": "mqls"}),
    PageCall("/api/funnel/rows", {**_ALL, "number": "leads"}),
    PageCall("/api/funnel/rows", {**_ALL, "number": "leads", "after": "2025-01-01.400000.0.lead"}),
    PageCall("/api/funnel/rows", {**_ALL, "number": "wons", "campaign": "campaign-7", "rep": "rep-4"}),
    PageCall(
        "/api/funnel/rows", {**_ALL, "number": "leads", "campaign": "campaign-7", "source": "network-3"}
    ),
    PageCall("/api/funnel/rows", {**_ALL, "number": "left_out"}),
    PageCall("/api/funnel/rows", {"from": "2026-07-01", "to": "2026-07-31", "number": "cohort_wons"}),
    PageCall("/api/funnel/rows", {**_ALL, "number": "cohort_wons"}),
    PageCall("/api/funnel/rows", {**_ALL, "number": "wons", "source": "network-7", "rep": "rep-4"}),
    PageCall("/api/credits"),
    PageCall("/api/credits", {"by": "campaign"}),
    PageCall("/api/economics"),
    PageCall("/api/economics", {"month": "2026-08"}),
    PageCall(
        "/api/economics/scenario",
        {"mqls": "1200", "sql_rate": "0.15:0.29", "win_rate": "0.22", "acv": "1200000", "cost": "900000"},
    ),
    PageCall("/api/leads", {"q": "buyer-77"}),
    PageCall("/api/leads", {"q": "company-12"}),
    PageCall("/api/leads/{lead_id}", path={"lead_id": "24"}),
    PageCall("/api/leads/{lead_id}/timeline", path={"lead_id": "24"}),
    PageCall("/api/leads/{lead_id}", path={"lead_id": str(BUSY_LEAD)}),
    PageCall("/api/leads/{lead_id}/timeline", path={"lead_id": str(BUSY_LEAD)}),
    PageCall("/api/response-times"),
    PageCall("/api/response-times", _ALL),
    PageCall("/api/delivery/quarantine/{kind}", path={"kind": "events"}),
    PageCall("/api/delivery/quarantine/{kind}", path={"kind": "forms"}),
    PageCall("/api/runs/{dag_id}", path={"dag_id": "score_leads"}),
    PageCall("/api/runs/{dag_id}/{run_id}", path={"dag_id": "score_leads", "run_id": "scheduled__1"}),
    PageCall("/api/threshold/what-if", {"salespeople": "12"}, may_lack_data=True),
)


def measure_dashboard(*, quick: bool) -> Measured:
    """Fill a company, ask each route again and again over HTTP, and open each page in a browser."""
    leads, events, rounds = (50_000, 500_000, 5) if quick else (1_000_000, 10_000_000, 40)
    openings = 2 if quick else 20
    config = Config()
    with open_arena() as arena:
        started = time.perf_counter()
        with arena.connect() as connection:
            fill_dashboard_world(connection, leads=leads, events=events, config=config)
        filled = time.perf_counter() - started
        readings = asyncio.run(time_metrics(arena.url, times=rounds))
        app = make_pages(arena.url, config)
        with serve_in_thread(app) as address:
            pages = time_first_pages(address, rounds=openings)
            # An answer of the page Now serves everybody for seconds; here each one is made.
            app.state.dashboard = replace(app.state.dashboard, now_cache=AnswerCache(0))
            slowest = time_calls(address, list_calls(app), rounds=rounds, may_lack_data=quick)
        app.state.dashboard.database.close()
    return Measured(
        figures=[
            Figure(f"{route}, p95", milliseconds, "ms", "under", TARGET)
            for route, milliseconds in sorted(slowest.items())
        ]
        + [
            Figure(f"page {name}, drawn, p95", milliseconds, "ms", "under", PAGE_TARGET)
            for name, milliseconds in pages.items()
        ]
        + [Figure("a reading for /metrics, p95", percentile(readings, 0.95), "ms", "under", METRICS_TARGET)],
        remarks=[
            f"{leads:,} leads, {events:,} events; each call {rounds} times over HTTP, from one client."
            " Of each route the slowest call counts.",
            f"Each page is opened {openings} times in Chromium, in a profile without a cache.",
            f"Filling took {filled:.0f} s: the days by SQL, the last day, months and credits by leadops.",
        ],
    )


async def time_metrics(database_url: str, *, times: int) -> list[float]:
    """Read the state of the database this many times, as a gateway does; return the milliseconds of each."""
    spans = []
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        for _ in range(times):
            began = time.perf_counter()
            await read_database_state(connection, now=NOW)
            spans.append(1000 * (time.perf_counter() - began))
    return spans


def make_pages(database_url: str, config: Config) -> FastAPI:
    """Return the pages of a database, read by somebody who may see people."""

    async def identify(_: Request) -> Reader | None:
        return Reader("benchmark", sees_people=True)

    return create_dashboard(
        DashboardWiring(
            database_url=database_url,
            identify=identify,
            record_looks=_record_nothing,
            read_config=lambda: config,
            clock=lambda: NOW,
            find_login=lambda address: address,
        )
    )


def _record_nothing(reader: Reader, looks: Sequence[Look]) -> None:
    """A look costs a row of Airflow's database, which is not here."""


def list_calls(app: FastAPI) -> list[PageCall]:
    """Return the calls of CALLS, and one of each other route of the app that needs nothing.

    Raises LookupError for a route that needs parameters and is not in CALLS, or is there and not in the app.
    """
    routes = {
        route.path_format: route
        for route in app.routes
        if isinstance(route, APIRoute) and route.include_in_schema
    }
    listed = {call.route for call in CALLS}
    if unknown := listed - routes.keys():
        raise LookupError(f"the app has no route {', '.join(sorted(unknown))}; take it out of CALLS")
    others = []
    for path, route in routes.items():
        if path in listed:
            continue
        if route.dependant.path_params or _needs_query(route):
            raise LookupError(f"{path} needs parameters; write a call of it into CALLS")
        others.append(PageCall(path))
    return [*CALLS, *others]


def _needs_query(route: APIRoute) -> bool:
    return any(parameter.field_info.is_required() for parameter in route.dependant.query_params)


def time_calls(address: str, calls: list[PageCall], *, rounds: int, may_lack_data: bool) -> dict[str, float]:
    """Return the p95 (milliseconds) of the slowest call of each route; raise RuntimeError if one fails.

    With `may_lack_data` an answer that says that the company is too small is one.
    """
    slowest: dict[str, float] = {}
    with requests.Session() as session:
        for call in calls:
            samples = []
            for number in range(rounds + 1):
                started = time.perf_counter()
                answer = session.get(address + call.address, timeout=60)
                if number:  # the first one fills the caches
                    samples.append((time.perf_counter() - started) * 1000)
                if not (call.accepts(answer.status_code) if may_lack_data else answer.ok):
                    raise RuntimeError(f"{call.address}: {answer.status_code} {answer.text}")
            slowest[call.route] = max(slowest.get(call.route, 0.0), percentile(samples, 0.95))
    return slowest
