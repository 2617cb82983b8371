"""What the pages are given from outside, and what each route asks for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, NamedTuple

from fastapi import Depends, Request

from leadops.configuration import Config
from leadops.dashboard.answer_cache import AnswerCache
from leadops.dashboard.page_database import PageDatabase
from leadops.dashboard.reader import Identify, Look, RecordLooks
from leadops.db import Connection


@dataclass(frozen=True)
class DashboardWiring:
    """What the Airflow plugin hands in: who looks, where the data are, the settings, the clock (UTC).

    `database_url` is that of the role `page`. `read_config` returns the settings in force. `find_login`
    returns the address of the login page that leads back to an address. `airflow_url` is where Airflow's own
    pages are, and `find_slack` returns where Slack's are ("": not known), both without a slash at the end.
    """

    database_url: str
    identify: Identify
    record_looks: RecordLooks
    read_config: Callable[[], Config]
    clock: Callable[[], datetime]
    find_login: Callable[[str], str]
    airflow_url: str = ""
    find_slack: Callable[[], str] = lambda: ""


class NowPage(NamedTuple):
    """The JSON of the page Now, and at what about people it lets a reader look."""

    body: bytes
    looks: list[Look]


@dataclass(frozen=True)
class Dashboard:
    """What a route may use; see DashboardWiring. `now_cache` keeps the answers of the page Now."""

    database: PageDatabase
    clock: Callable[[], datetime]
    read_config: Callable[[], Config]
    record_looks: RecordLooks
    airflow_url: str
    find_slack: Callable[[], str]
    now_cache: AnswerCache[NowPage]


def get_dashboard(request: Request) -> Dashboard:
    """Return the dashboard that serves this request."""
    dashboard: Dashboard = request.app.state.dashboard
    return dashboard


DashboardDep = Annotated[Dashboard, Depends(get_dashboard)]


def open_connection(dashboard: DashboardDep) -> Iterator[Connection]:
    """Lend a read-only connection to a route; all its readings see one state of the database."""
    with dashboard.database.read() as connection:
        yield connection


ConnectionDep = Annotated[Connection, Depends(open_connection, scope="function")]
