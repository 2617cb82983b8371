"""Which product a connection chooses, and that no other is imported."""

import subprocess
import sys
from typing import Any

import pytest

from leadops.delivery.outbox_worker import OutboxWorker, WorkerConfig
from leadops.errors import ConfigError
from leadops.products.product_client import ProductClient
from leadops.products.product_folders import list_products
from leadops.products.product_settings import add_product_settings
from leadops.products.registry import are_one_system, choose_product, load_product
from leadops.settings import Endpoint
from tests.delivery_fixture import impatient
from tests.products.acme_server import Acme
from tests.shipped import SHIPPED


@pytest.mark.parametrize("extra", [{}, {"product": "generic"}, {"product": ""}, {"product": None}])
def test_without_a_name_it_is_our_own_contract(extra: dict[str, Any]) -> None:
    assert choose_product(Endpoint(base_url="http://ma.example", extra=extra)).name == "generic"


@pytest.mark.parametrize(
    "name", ["hubspto", "generic/", "../x", "product", "generic.generic_product", 7, ["a"]]
)
def test_an_unknown_name_is_one_clear_line(name: Any) -> None:
    endpoint = Endpoint(base_url="http://ma.example", extra={"product": name})
    with pytest.raises(ConfigError) as error:
        ProductClient(endpoint)
    assert str(error.value).startswith("the connection to http://ma.example, extra: no product ")
    assert ": name one of " in str(error.value)
    assert "\n" not in str(error.value)
    with pytest.raises(ConfigError):
        OutboxWorker(WorkerConfig("ma", endpoint, "", impatient(), lambda: None))  # type: ignore[arg-type,return-value]


def test_a_folder_is_a_product(acme: Acme) -> None:
    assert "acme" in list_products()
    assert load_product("acme").row_limit == 3
    assert ProductClient(Endpoint(base_url=acme.url, extra={"product": "acme"})).product.name == "acme"


def test_only_the_chosen_one_is_imported() -> None:
    script = (
        "import sys, leadops.delivery.push as push\n"
        "from leadops.products.registry import load_product\n"
        "own = lambda: [name for name in sys.modules if name.startswith('leadops.products.generic')]\n"
        "assert own() == [], own()\n"
        "load_product('generic')\n"
        "assert own()"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


@pytest.mark.parametrize(
    ("ma", "crm", "is_one"),
    [
        (("http://odoo.example", "odoo", "a"), ("http://odoo.example", "odoo", "a"), True),
        (("http://odoo.example", "odoo", "a"), ("http://odoo.example", "odoo", "b"), False),
        (("http://odoo.example", "odoo", "a"), ("http://other.example", "odoo", "a"), False),
        (("http://odoo.example", "generic", "a"), ("http://odoo.example", "odoo", "a"), False),
        # The ids of our own contract are those of two systems, whatever serves them.
        (("http://x.example", "generic", None), ("http://x.example", "generic", None), False),
    ],
)
def test_ma_and_crm_are_one_system_by_address_product_and_database(
    ma: tuple[str, str, str | None], crm: tuple[str, str, str | None], is_one: bool
) -> None:
    ends = [
        add_product_settings(
            Endpoint(base_url=url, extra={"product": product, "database": database}), SHIPPED.products
        )
        for url, product, database in (ma, crm)
    ]
    assert are_one_system(*ends) is is_one
