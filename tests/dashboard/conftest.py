"""The Lead ops pages as the Airflow api-server mounts them, on a database of their own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from leadops.configuration import Config
from leadops.dashboard.dashboard_app import create_dashboard
from leadops.dashboard.reader import Look, Reader
from leadops.dashboard.wiring import DashboardWiring
from leadops.migrations.rights import Part
from tests.roles import as_role
from tests.shipped import SHIPPED

#: Who looks: nobody who is logged in, somebody who sees aggregates, somebody who sees people.
ANONYMOUS = None
VIEWER, OP = Reader("vera", sees_people=False), Reader("otto", sees_people=True)

#: The moment of most tests: a Monday, 12:00 in Tokyo.
NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)

PREFIX = "/leadops"


class Pages(TestClient):
    """A browser of one reader; `looks` are the looks at leads that were recorded: (name, lead)."""

    looks: list[tuple[str, int]]
    other_looks: list[tuple[str, str, int]]  # (name, what, number)
    app_of_pages: FastAPI

    def read(self, path: str, **parameters: Any) -> Any:
        """Return the JSON of GET /leadops/PATH, which has to answer 200."""
        answer = self.get(f"{PREFIX}/{path}", params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refuse(self, path: str, status: int, **parameters: Any) -> str:
        """Return the detail of the problem document of GET /leadops/PATH, which has to answer `status`."""
        answer = self.get(f"{PREFIX}/{path}", params=parameters)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        return str(answer.json()["detail"])


Open = Callable[..., Pages]


@pytest.fixture
def dashboard(database_url: str) -> Iterator[Open]:
    """Open the pages as a reader: `dashboard(VIEWER)`; commit what they shall see."""
    with ExitStack() as opened:

        def start(
            reader: Reader | None = OP,
            *,
            config: Config = SHIPPED,
            now: datetime = NOW,
            url: str = as_role(database_url, Part.PAGE),
            raises: bool = True,
        ) -> Pages:
            looks: list[tuple[str, int]] = []
            others: list[tuple[str, str, int]] = []

            def note(who: Reader, seen: Sequence[Look]) -> None:
                looks.extend((who.name, look.number) for look in seen if look.what == "lead")
                others.extend((who.name, *look) for look in seen if look.what != "lead")

            async def identify(_: Request) -> Reader | None:
                return reader

            app = create_dashboard(
                DashboardWiring(
                    database_url=url,
                    identify=identify,
                    record_looks=note,
                    read_config=lambda: config,
                    clock=lambda: now,
                    find_login=lambda address: f"/auth/login?next={address}",
                    airflow_url="http://airflow.test",
                    find_slack=lambda: "https://slack.test",
                )
            )
            opened.callback(app.state.dashboard.database.close)
            outer = FastAPI()
            outer.mount(PREFIX, app)
            pages = opened.enter_context(Pages(outer, follow_redirects=False, raise_server_exceptions=raises))
            pages.looks, pages.other_looks, pages.app_of_pages = looks, others, app
            return pages

        yield start
