"""The face does what a real Odoo does: the tests that say so of the real one run against it too.

Left out are those of XML-RPC, and of stamps that one transaction gives while another is faster: here a
change commits late by the setting `feed_late_share`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from tests.real_odoo.conftest import SESSION, OdooCaller
from tests.real_odoo.test_what_odoo_does import (  # noqa: F401 - pytest runs what stands here
    test_a_lost_lead_is_archived_and_hides_from_a_search,
    test_a_merge_deletes_the_younger_lead,
    test_a_wrong_password_is_no_error_of_http,
    test_an_id_of_ours_makes_one_lead_however_often_it_is_sent,
    test_every_error_is_answered_with_200,
    test_load_names_no_row_for_a_lead_that_is_gone,
    test_load_sets_many_scores_and_a_repeat_changes_nothing,
    test_load_writes_nothing_when_one_row_is_bad,
    test_of_six_callers_at_once_with_an_id_of_ours_one_makes_the_lead,
)


@pytest.fixture
def odoo_url(tmp_path: Path) -> Iterator[str]:
    with serve_in_thread(tmp_path, product="odoo", tokens=Tokens(crm="admin"), sales_work=False) as url:
        yield url


@pytest.fixture
def odoo(odoo_url: str) -> Iterator[OdooCaller]:
    settings = {"product": {"database": SESSION, "login": "admin"}}
    assert requests.post(f"{odoo_url}/_settings", json=settings, timeout=60).status_code == 200
    caller = OdooCaller(odoo_url)
    yield caller
    caller.http.close()
