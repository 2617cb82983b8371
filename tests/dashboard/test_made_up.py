"""A simulated company is marked on every page and in every answer; a real one nowhere."""

from leadops.db import Connection

from .conftest import OP, PREFIX, Open
from .test_access import list_paths


def test_every_answer_says_that_the_company_is_simulated(dashboard: Open, connection: Connection) -> None:
    connection.execute(
        "insert into made_up.pasts (first_day, last_day, seed, begun_at)"
        " values ('2026-05-01', '2026-10-31', 1, now())"
    )
    connection.commit()
    pages = dashboard(OP)
    seen = 0
    for path in list_paths(pages.app_of_pages):
        answer = pages.get(PREFIX + path)
        if path.startswith("/static/") or path == "/openapi.json" or answer.status_code != 200:
            continue
        seen += 1
        if answer.headers["content-type"] == "application/json":
            assert answer.json()["made_up"] is True, path
        elif answer.headers["content-type"].startswith("text/html"):
            assert "simulated company" in answer.text, path
    assert seen >= 2


def test_nothing_of_a_real_company_says_so(dashboard: Open) -> None:
    pages = dashboard(OP)
    assert "made_up" not in pages.read("api/now")
    assert "simulated company" not in pages.get(f"{PREFIX}/").text
