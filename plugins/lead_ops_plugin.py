"""The Lead ops page in the Airflow UI: wiring only; include/leadops/dashboard has the pages.

Every process of Airflow loads this file, also each task, so nothing but Airflow's own base class is imported
before the api-server asks for the app.
"""

import logging
from functools import cache
from typing import Any

from airflow.plugins_manager import AirflowPlugin

log = logging.getLogger(__name__)

#: The path of the pages on the api-server.
PREFIX = "/leadops"


class LeadOpsPlugin(AirflowPlugin):
    """One entry in the navigation, whose pages the api-server serves."""

    name = "lead_ops"
    external_views = [  # noqa: RUF012  Airflow reads lists
        {
            "name": "Lead ops",
            "href": f"{PREFIX}/",
            "destination": "nav",
            "url_route": "lead-ops",
            "nav_top_level": True,
        },
        # Tabs on the pages of DAGs and runs; Airflow writes the ids into the address, escaped.
        {
            "name": "In numbers",
            "href": f"{PREFIX}/runs/{{DAG_ID}}",
            "destination": "dag",
            "url_route": "lead-ops-dag",
        },
        {
            "name": "In numbers",
            "href": f"{PREFIX}/runs/{{DAG_ID}}/{{RUN_ID}}",
            "destination": "dag_run",
            "url_route": "lead-ops-run",
        },
    ]

    @property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The pages as an app; only the api-server asks."""
        app = make_app()
        return [{"app": app, "url_prefix": PREFIX, "name": "Lead ops"}] if app else []


@cache
def make_app() -> Any:
    """Return the pages, or None where they cannot be made: the rest of Airflow works without them."""
    try:
        return _make_app()
    except Exception:
        log.exception("the Lead ops page is left out")
        return None


def _make_app() -> Any:
    import os
    from collections.abc import Sequence
    from datetime import UTC, datetime

    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
    from airflow.api_fastapi.core_api.security import bearer_scheme, get_user
    from airflow.configuration import conf
    from airflow.exceptions import AirflowNotFoundException
    from airflow.models.connection import Connection
    from airflow.models.log import Log
    from airflow.utils.session import create_session
    from fastapi import HTTPException, Request
    from starlette.concurrency import run_in_threadpool

    from leadops.dashboard.dashboard_app import create_dashboard
    from leadops.dashboard.page_settings import KeptConfig
    from leadops.dashboard.reader import Look, Reader
    from leadops.dashboard.wiring import DashboardWiring
    from leadops.gateway.problems import ProblemError
    from leadops.settings import DATABASE_URL, PAGE_URL

    def clock() -> datetime:
        return datetime.now(UTC)

    async def identify(request: Request) -> Reader | None:
        """Return the user of Airflow, by cookie or bearer token; Airflow proves both."""
        try:
            user = await get_user(request, None, await bearer_scheme(request))
        except HTTPException:
            return None
        return await run_in_threadpool(describe_user, user)

    def describe_user(user: Any) -> Reader:
        manager = get_auth_manager()
        if not manager.is_authorized_view(access_view=AccessView.WEBSITE, user=user):
            raise ProblemError(403, "Your role in Airflow may not see its pages.")
        return Reader(user.get_name(), sees_people=manager.is_authorized_connection(method="GET", user=user))

    def record_looks(reader: Reader, looks: Sequence[Look]) -> None:
        """Put on record in Airflow's audit log who looked at which lead, refusal or incident."""
        rows = [(f"leadops_{what}_viewed", f'{{"{what}_id": {number}}}') for what, number in looks]
        with create_session() as session:
            session.add_all([Log(event, owner=reader.name, extra=extra) for event, extra in rows])

    def find_slack() -> str:
        """Return where Slack's pages are: beside its API, which the connection may have elsewhere.

        It is only for links: a connection that cannot be read leaves them out, and one that is added or
        repaired brings them.
        """
        try:
            extra = Connection.get_connection_from_secrets("leadops_slack").extra_dejson
            return str(extra.get("base_url") or "https://slack.com/api/").rstrip("/").removesuffix("/api")
        except AirflowNotFoundException:
            return ""
        except Exception as error:
            log.warning("no links to Slack: leadops_slack cannot be read (%s)", type(error).__name__)
            return ""

    url = os.environ.get(PAGE_URL) or os.environ.get(DATABASE_URL, "")
    return create_dashboard(
        DashboardWiring(
            database_url=url,
            identify=identify,
            record_looks=record_looks,
            read_config=KeptConfig(url, clock=clock).read,
            clock=clock,
            find_login=lambda address: get_auth_manager().get_url_login(next_url=address),
            find_slack=find_slack,
            airflow_url=conf.get("api", "base_url", fallback="").rstrip("/"),
        )
    )
