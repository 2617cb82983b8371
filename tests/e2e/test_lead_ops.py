"""The Lead ops page within Airflow: login, navigation entry, frame, roles."""

import os
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.chromium import ARGUMENTS, find_chromium, require_chromium
from tests.plain_http import NO_TLS

from .conftest import Stack
from .test_stack_up import wait_for

pytestmark = pytest.mark.stack


def log_in(page: Page, stack: Stack, next_page: str) -> None:
    """Open a page as nobody, and log in as admin where that leads."""
    page.goto(f"{stack.airflow_url}{next_page}")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", stack.admin_password)
    page.click("button[type=submit]")


def test_operations_find_the_page_in_the_navigation(stack: Stack, tmp_path: Path) -> None:
    wait_for(stack, "select exists (select 1 from delivery.batches where state = 'done')::int")
    pictures = Path(os.environ.get("LEADOPS_PICTURES", tmp_path))
    with sync_playwright() as playwright:
        executable = require_chromium(find_chromium(playwright.chromium.executable_path))
        browser = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(120_000)  # a machine that is busy with the whole stack
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        # Whoever is not logged in is sent to the login, and from there back to the page.
        log_in(page, stack, "/leadops/?lang=en")
        page.wait_for_url(f"{stack.airflow_url}/leadops/?lang=en")
        expect(page.get_by_role("heading", name="What is happening now")).to_be_visible(timeout=120_000)
        # In Airflow's own frame, by the entry of its navigation.
        page.goto(f"{stack.airflow_url}/")
        page.get_by_role("link", name="Lead ops").click()
        frame = page.frame_locator("iframe")
        expect(frame.locator("article.figure").first).to_be_visible(timeout=120_000)
        expect(frame.get_by_role("link", name="score_leads")).to_be_visible()
        expect(frame.get_by_role("link", name="Airflow")).to_have_count(0)
        page.screenshot(path=pictures / "lead_ops.png")
        browser.close()
    assert complaints == []


def test_airflow_says_who_may_see_the_page(stack: Stack) -> None:
    with httpx.Client(base_url=stack.airflow_url, timeout=60, verify=NO_TLS) as client:
        for path in ("/leadops/", "/leadops/api/now", "/leadops/openapi.json", "/leadops/nowhere"):
            assert client.get(path).status_code == 401, path
            refused = client.get(path, headers={"Authorization": "Bearer x.y.z"})
            assert refused.status_code == 401, path
        answer = client.get("/leadops/", headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/auth/login?next=%2Fleadops%2F")
        for user, subject in (("admin", "any"), ("viewer", "")):
            login = {"username": user, "password": stack.values[f"LEADOPS_{user.upper()}_PASSWORD"]}
            token = client.post("/auth/token", json=login).json()["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
            answer = client.get("/leadops/api/now", headers=headers)
            assert answer.status_code == 200
            assert {hop["name"] for hop in answer.json()["hops"]} >= {"event_score", "score_ma", "form_crm"}
            html = client.get("/leadops/", headers=headers).text
            assert f'data-people="{"yes" if subject else "no"}"' in html
            assert client.post("/leadops/api/now", headers=headers).status_code == 405
