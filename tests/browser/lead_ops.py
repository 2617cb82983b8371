"""The Lead ops pages without Airflow, for a real browser: mounted as by the api-server, read by an admin."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from leadops.configuration import Config
from leadops.dashboard.dashboard_app import create_dashboard
from leadops.dashboard.reader import Reader
from leadops.dashboard.wiring import DashboardWiring
from leadops.gateway.serve import serve_in_thread
from leadops.migrations.rights import Part
from tests.roles import as_role
from tests.shipped import SHIPPED

PREFIX = "/leadops"
ADMIN = Reader("ada", sees_people=True)


@contextmanager
def serve_pages(
    database_url: str,
    *,
    clock: Callable[[], datetime],
    config: Config = SHIPPED,
    reader: Callable[[], Reader | None] = lambda: ADMIN,
) -> Iterator[str]:
    """Serve the pages of a database while the block runs; yield their address, without a slash at the end.

    The root of the server is a page that frames them, as Airflow does.
    """

    async def identify(_: Request) -> Reader | None:
        return reader()

    app = create_dashboard(
        DashboardWiring(
            database_url=as_role(database_url, Part.PAGE),
            identify=identify,
            record_looks=lambda who, looks: None,
            read_config=lambda: config,
            clock=clock,
            find_login=lambda address: f"/auth/login?next={address}",
            airflow_url="http://airflow.example",
            find_slack=lambda: "https://slack.example",
        )
    )
    outer = FastAPI()
    outer.mount(PREFIX, app)
    frame = f'<!doctype html><html class="light" lang="en"><title>x</title><iframe src="{PREFIX}/"></iframe>'
    outer.add_api_route("/", lambda: HTMLResponse(frame))
    outer.add_api_route("/favicon.ico", lambda: HTMLResponse(status_code=204))
    try:
        with serve_in_thread(outer) as address:
            yield address + PREFIX
    finally:
        app.state.dashboard.database.close()
