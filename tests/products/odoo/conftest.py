"""Odoo's stand-in, by either way in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from leadops_sandbox.serve import serve_in_thread
from tests.products.odoo.odoo_desk import OdooDesk, set_odoo


@pytest.fixture(params=["json-rpc", "json-2"])
def desk(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[OdooDesk]:
    """A database that delivers to Odoo and reads it; its salespeople do only what the test says."""
    with serve_in_thread(tmp_path, product="odoo", sales_work=False) as url:
        yield OdooDesk(database_url, url, odoo=set_odoo(api=request.param))
