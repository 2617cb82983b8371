"""What the stack says of a product in its connections is enough for leadops to work with the stand-in."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from leadops.products.crm_client import CrmClient
from leadops.products.product_client import ProductClient
from leadops.products.product_folders import list_products
from leadops.products.product_settings import add_product_settings
from leadops.products.registry import DEFAULT_PRODUCT
from leadops.settings import Endpoint
from leadops_sandbox.products.registry import list_stand_ins
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from leadops_stack.product_connections import PRODUCT, describe_product, find_spoken
from tests.delivery_fixture import DeliveryFixture
from tests.shipped import SHIPPED

SPOKEN = sorted(set(list_stand_ins()) & set(list_products()))


@dataclass
class StackDesk(DeliveryFixture):
    """A delivery over the connection that the stack writes."""

    product: str = ""

    def find_endpoint(self, target: str) -> Endpoint:
        """The connection to the MA or the CRM."""
        said = describe_product({PRODUCT: self.product}, target)
        token = Tokens().ma if target == "ma" else Tokens().crm
        endpoint = Endpoint(base_url=self.ma_url, token=token, timeout=60, **said)
        return add_product_settings(endpoint, SHIPPED.products)

    @property
    def endpoint(self) -> Endpoint:
        """The connection to the MA."""
        return self.find_endpoint("ma")


@pytest.mark.parametrize("product", SPOKEN)
def test_a_lead_is_scored_and_the_crm_is_read(database_url: str, tmp_path: Path, product: str) -> None:
    with serve_in_thread(tmp_path, product=product, sales_work=False) as url:
        desk = StackDesk(database_url, url, product=product)
        lead = desk.add_lead()
        desk.score(lead, 7)
        desk.push()
        external_id = desk.value("select external_id from delivery.external_ids where lead_id = %s", lead)
        client = ProductClient(desk.endpoint)
        assert client.product.name == product
        assert client.read_lead(external_id).score == 7
        client.close()
        crm = CrmClient(desk.find_endpoint("crm"))
        assert len(crm.reps()) >= 6
        assert isinstance(crm.activities(after=None, limit=100)["items"], list)
        crm.close()


def test_a_product_that_is_an_ma_alone_has_our_own_crm_beside_it() -> None:
    assert find_spoken("marketo", "crm") == DEFAULT_PRODUCT
    assert find_spoken("", "ma") == DEFAULT_PRODUCT
    assert describe_product({}, "ma") == {}
