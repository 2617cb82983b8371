"""What operations see: the DAGs in a real browser."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.chromium import ARGUMENTS, find_chromium, require_chromium
from tests.dags.test_dags import EXPECTED

from .conftest import Stack
from .test_stack_up import wait_for

pytestmark = pytest.mark.stack


def _log_in(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.airflow_url}/auth/login?next=%2F")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", stack.admin_password)
    page.click("button[type=submit]")
    page.wait_for_url(f"{stack.airflow_url}/")


def test_operations_find_the_dags_and_what_to_do_when_one_is_red(stack: Stack, tmp_path: Path) -> None:
    wait_for(stack, "select exists (select 1 from delivery.batches where state = 'done')::int")
    # Where a picture for the README is wanted, this says where to put it.
    pictures = Path(os.environ.get("LEADOPS_PICTURES", tmp_path))
    with sync_playwright() as playwright:
        executable = require_chromium(find_chromium(playwright.chromium.executable_path))
        browser = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(120_000)  # a machine that is busy with the whole stack
        _log_in(page, stack)
        page.goto(f"{stack.airflow_url}/dags")
        for dag_id in EXPECTED:
            expect(page.get_by_role("link", name=dag_id, exact=True).first).to_be_visible(timeout=120_000)
        page.goto(f"{stack.airflow_url}/dags/score_leads")
        for task_id in ("resolve", "score", "push", "qualify", "assign"):
            name = re.compile(rf"^{task_id}( ?\[.*\])?$")  # of one that runs several times, how many
            expect(page.get_by_text(name).first).to_be_visible(timeout=120_000)
        page.screenshot(path=pictures / "score_leads.png")
        page.get_by_role("button", name="Dag Docs").click()
        expect(page.get_by_text("When it is red").first).to_be_visible()
        browser.close()
    assert (pictures / "score_leads.png").stat().st_size > 10_000
