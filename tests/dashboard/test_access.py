"""Every route, with each kind of reader; a route that is added is walked too."""

import re
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Mount

from leadops.dashboard.gatekeeper import POLICY
from leadops.dashboard.reader import Reader
from leadops.dashboard.static_files import STATIC, TEXTS

from .conftest import ANONYMOUS, OP, PREFIX, VIEWER, Open

#: What stands in a path for a parameter; a route that needs another value names it here.
VALUES: dict[str, str] = {}
#: Routes that show personal data, by their path: a viewer is refused.
PEOPLE_ONLY: set[str] = set()


def list_paths(app: FastAPI) -> list[str]:
    """Every path that the app answers, parameters filled in; of the files each one."""
    paths = []
    for route in app.routes:
        if isinstance(route, APIRoute):
            assert route.methods <= {"GET", "HEAD"}, f"{route.path} changes something"
            paths.append(re.sub(r"{(\w+)(:\w+)?}", lambda found: VALUES.get(found[1], "1"), route.path))
        elif isinstance(route, Mount):
            folder = TEXTS if route.path.endswith("/texts") else STATIC
            paths += [
                f"{route.path}/{file.relative_to(folder)}" for file in folder.rglob("*") if file.is_file()
            ]
        else:
            paths.append(route.path)  # type: ignore[attr-defined]
    assert len(paths) > 10
    return paths


def walk(dashboard: Open, reader: Reader | None, **headers: str) -> dict[str, Any]:
    pages = dashboard(reader)
    return {path: pages.get(PREFIX + path, headers=headers) for path in list_paths(pages.app_of_pages)}


def test_the_anonymous_get_nothing_but_a_refusal(dashboard: Open) -> None:
    for path, answer in walk(dashboard, ANONYMOUS).items():
        assert answer.status_code == 401, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["title"] == "Unauthorized"
        assert answer.headers["www-authenticate"] == "Bearer"


def test_the_anonymous_learn_not_even_which_paths_there_are(dashboard: Open) -> None:
    assert dashboard(ANONYMOUS).get(f"{PREFIX}/nowhere").status_code == 401


def test_the_browser_of_the_anonymous_is_sent_to_the_login_and_back(dashboard: Open) -> None:
    for path, answer in walk(dashboard, ANONYMOUS, Accept="text/html,*/*;q=0.8").items():
        assert answer.status_code == 303, path
        assert answer.headers["location"] == f"/auth/login?next={PREFIX}{path}"
    answer = dashboard(ANONYMOUS).get(f"{PREFIX}/?lang=ja&x=%22%3E", headers={"Accept": "text/html"})
    assert answer.headers["location"] == f"/auth/login?next={PREFIX}/?lang=ja&x=%22%3E"


def test_what_somebody_searches_for_is_not_in_the_address_of_the_login(dashboard: Open) -> None:
    """Airflow logs that address too, and the browser keeps it."""
    pages, headers = dashboard(ANONYMOUS), {"Accept": "text/html"}
    for query, kept in (
        ("q=taro%40example.com", ""),
        ("lang=ja&q=taro%40example.com&q=taro", "?lang=ja"),
        ("%71=taro@example.com&by=rep", "?by=rep"),
    ):
        answer = pages.get(f"{PREFIX}/leads?{query}", headers=headers)
        assert answer.headers["location"] == f"/auth/login?next={PREFIX}/leads{kept}"


@pytest.mark.parametrize("reader", [VIEWER, OP])
def test_who_is_logged_in_gets_every_route_but_those_about_people(dashboard: Open, reader: Reader) -> None:
    for path, answer in walk(dashboard, reader).items():
        if path in PEOPLE_ONLY and not reader.sees_people:
            assert answer.status_code == 403, path
        else:
            # 404: there is no such lead or run; 422: a parameter is required.
            assert answer.status_code in (200, 204, 404, 422), (path, answer.text)


@pytest.mark.parametrize("reader", [ANONYMOUS, VIEWER, OP])
def test_no_answer_lacks_the_headers_of_security(dashboard: Open, reader: Reader | None) -> None:
    for path, answer in walk(dashboard, reader).items():
        assert answer.headers["content-security-policy"] == POLICY, path
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "SAMEORIGIN"
        kept = "immutable" in answer.headers["cache-control"]
        assert kept == (path.startswith("/static/") and answer.status_code == 200), path


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_changed(dashboard: Open, method: str) -> None:
    pages = dashboard(OP)
    for path in list_paths(pages.app_of_pages):
        assert pages.request(method, PREFIX + path).status_code == 405, path


def test_what_somebody_searches_for_is_in_no_access_log(dashboard: Open) -> None:
    """Airflow logs the query of a request once it is over."""
    pages = dashboard(OP)
    app, seen = pages.app, []

    async def log_requests(scope: Any, receive: Any, send: Any) -> None:
        await app(scope, receive, send)
        seen.append(scope.get("query_string", b""))

    pages._transport.app = log_requests  # type: ignore[attr-defined]
    pages.get(f"{PREFIX}/api/now?q=taro%40example.com&from=2026-11-01")
    pages.get(f"{PREFIX}/api/now?from=2026-11-01")
    assert seen == [b"q=%2A%2A%2A&from=2026-11-01", b"from=2026-11-01"]
