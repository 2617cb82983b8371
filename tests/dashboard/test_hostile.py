"""What somebody who is logged in can send to break a page: a clear 4xx, or harmless text."""

import re

import psycopg
import pytest

from leadops.dashboard.wiring import ConnectionDep
from leadops.db import Connection

from .conftest import OP, PREFIX, Open
from .test_access import list_paths

HOSTILE = [
    "'; drop table identity.leads; --",
    "<script>alert(1)</script>",
    "%00",
    "\u202e\ud7ff\U0001f9a0",
    "../../../../etc/passwd",
    "9" * 400,
    "-1",
    "1e309",
    "1e-999999",
    "a" * 5_000,
    "{{7*7}}",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_parameter_breaks_a_route(dashboard: Open, text: str) -> None:
    """Each route with each of its query parameters, and in its path where it takes one."""
    pages = dashboard(OP)
    described = pages.get(f"{PREFIX}/openapi.json").json()["paths"]
    for path, methods in described.items():
        parameters = methods["get"].get("parameters", [])
        asked = {one["name"]: text for one in parameters if one["in"] == "query"}
        address = re.sub(r"{\w+}", text.replace("/", "%2F").replace("%00", "%2500"), path)
        for query in [{}, asked, *({name: text} for name in asked)]:
            answer = pages.get(PREFIX + address, params=query)
            assert answer.status_code in (200, 400, 403, 404, 422), (path, query, answer.text)
            if answer.status_code != 200:
                assert answer.headers["content-type"] == "application/problem+json"
                assert "<script>" not in answer.json()["detail"]


@pytest.mark.parametrize("name", ["mqls", "sql_rate", "win_rate", "acv", "cost"])
def test_no_number_breaks_the_calculator(dashboard: Open, name: str) -> None:
    """All but one input is given: alone, a hostile one is refused for those that lack."""
    inputs = {"mqls": "100", "sql_rate": "0.5", "win_rate": "0.2", "acv": "1000", "cost": "5000"}
    pages = dashboard(OP)
    for text in HOSTILE:
        assert name in pages.refuse("api/economics/scenario", 422, **{**inputs, name: text}), text


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../leadops/errors.py",
        "/static/%2e%2e/%2e%2e/__init__.py",
        "/static/VERSION/..%2f..%2fnow.py",
        "//etc/passwd",
        "/api/now/../../../etc/passwd",
    ],
)
def test_no_path_leads_out_of_the_files(dashboard: Open, path: str) -> None:
    pages = dashboard(OP)
    folder = next(one for one in list_paths(pages.app_of_pages) if one.startswith("/static/")).split("/")[2]
    answer = pages.get(PREFIX + path.replace("VERSION", folder))
    assert answer.status_code in (404, 400)


def test_an_address_with_html_stays_an_address_in_the_way_back_from_the_login(dashboard: Open) -> None:
    pages = dashboard(None)
    answer = pages.get(f"{PREFIX}/%22%3E%3Cscript%3E", headers={"Accept": "text/html"})
    assert answer.headers["location"] == f"/auth/login?next={PREFIX}/%22%3E%3Cscript%3E"
    assert pages.get(f"{PREFIX}/x%0d%0aSet-Cookie:%20a=b").status_code == 404


@pytest.mark.parametrize(
    ("error", "status", "detail"),
    [
        (
            psycopg.errors.QueryCanceled("x"),
            503,
            "The reading took longer than 5 s. Choose a shorter period.",
        ),
        (psycopg.DataError("secret"), 422, "The database cannot hold a value of this request."),
        (
            psycopg.errors.InsufficientPrivilege("secret"),
            503,
            "The role of the page lacks a right. Run `leadops migrate --roles`.",
        ),
        (
            psycopg.errors.UndefinedTable("secret"),
            503,
            "The database is older than this page. Run `leadops migrate`.",
        ),
        (psycopg.OperationalError("secret"), 503, "The database does not answer (OperationalError)."),
        (RuntimeError("secret"), 500, "The page failed. Reload it; the api-server's log says more."),
    ],
)
def test_what_fails_says_what_to_do_and_no_secret(
    dashboard: Open, error: Exception, status: int, detail: str
) -> None:
    pages = dashboard(OP)

    @pages.app_of_pages.get("/fails")
    def fail() -> None:
        raise error

    assert pages.refuse("fails", status) == detail
    answer = pages.get(f"{PREFIX}/fails")
    assert "secret" not in answer.text
    assert answer.headers["content-security-policy"]


def test_a_page_cannot_write(dashboard: Open, connection: Connection) -> None:
    pages = dashboard(OP)

    @pages.app_of_pages.get("/writes")
    def write(database: ConnectionDep) -> None:
        database.execute("update incidents.incidents set state = 'resolved'")

    assert pages.refuse("writes", 500) == "The database refused the reading (ReadOnlySqlTransaction)."


def test_a_database_that_is_away_is_said_in_time(dashboard: Open) -> None:
    pages = dashboard(OP, url="postgresql://nobody:x@127.0.0.1:9/none")
    assert pages.refuse("api/now", 503) == "The database does not answer, or too many pages are read at once."


def test_no_url_is_said(dashboard: Open) -> None:
    assert "LEADOPS_PAGE_DATABASE_URL" in dashboard(OP, url="").refuse("api/now", 503)
