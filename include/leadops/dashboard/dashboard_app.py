"""Assembles the pages as one ASGI app, which the Airflow plugin mounts; it knows nothing of Airflow."""

from typing import Any

from fastapi import Depends, FastAPI, Response

from leadops.dashboard import (
    credits_page,
    delivery_page,
    funnel_page,
    kpi,
    lead_page,
    lift_view,
    now,
    response_page,
    run_tab,
    threshold_page,
)
from leadops.dashboard.answer_cache import AnswerCache
from leadops.dashboard.gatekeeper import Gatekeeper
from leadops.dashboard.look_log import LookLog
from leadops.dashboard.made_up_mark import MadeUpMark, note_made_up
from leadops.dashboard.page_database import PageDatabase
from leadops.dashboard.page_problems import add_problem_handlers
from leadops.dashboard.pages import add_pages
from leadops.dashboard.static_files import mount_files
from leadops.dashboard.turns import Turns, take_turn
from leadops.dashboard.wiring import Dashboard, DashboardWiring

#: Seconds for which an answer of the page Now serves every browser.
KEPT_SECONDS = 5.0
#: The modules whose `router` has JSON routes.
PARTS = (
    now,
    funnel_page,
    threshold_page,
    credits_page,
    lift_view,
    kpi,
    delivery_page,
    run_tab,
    response_page,
    lead_page,
)


def create_dashboard(wiring: DashboardWiring) -> FastAPI:
    """Return the pages, their JSON and their files as an ASGI app.

    Nothing connects before somebody looks. `app.state.dashboard.database.close()` ends the connections.
    """
    app = FastAPI(
        title="leadops: the Lead ops page",
        description="What the pages show, as JSON. Read-only. Log in to Airflow, or send a token of it.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # A turn ends, and a connection goes back, before the answer is sent: a browser may take its time.
        dependencies=[Depends(take_turn, scope="function"), Depends(note_made_up)],
    )
    database = PageDatabase(wiring.database_url)
    app.state.made_up, app.state.turns = MadeUpMark(database), Turns()
    app.state.dashboard = Dashboard(
        database=database,
        clock=wiring.clock,
        read_config=wiring.read_config,
        record_looks=LookLog(wiring.record_looks, clock=wiring.clock).record,
        airflow_url=wiring.airflow_url,
        find_slack=wiring.find_slack,
        now_cache=AnswerCache(KEPT_SECONDS),
    )
    app.add_middleware(Gatekeeper, identify=wiring.identify, find_login=wiring.find_login)
    add_problem_handlers(app)
    for part in PARTS:
        app.include_router(part.router)
    add_pages(app, files=mount_files(app))

    @app.get("/openapi.json", include_in_schema=False)
    def show_openapi() -> dict[str, Any]:
        return app.openapi()

    @app.get("/favicon.ico", include_in_schema=False)
    def show_no_icon() -> Response:
        return Response(status_code=204)

    return app
