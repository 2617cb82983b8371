"""A product that is one folder of the tests, and a database that delivers to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from leadops import products
from tests.delivery_fixture import SteppedDelivery, impatient
from tests.products.acme_server import Acme, serve_acme


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> Iterator[Acme]:
    """The made-up product: its folder lies where the registry looks, and its server runs."""
    folder = str(Path(__file__).parent / "folder")
    monkeypatch.setattr(products, "__path__", [*products.__path__, folder])
    with serve_acme() as running:
        yield running


@pytest.fixture
def desk(acme: Acme, database_url: str) -> SteppedDelivery:
    """A delivery to the made-up product; its batches are as large as the product takes."""
    return SteppedDelivery(
        database_url, acme.url, settings=impatient(batch_size=1000), extra={"product": "acme"}
    )


@pytest.fixture
def till(acme: Acme, database_url: str) -> SteppedDelivery:
    """A delivery to the made-up product that sets totals."""
    return SteppedDelivery(
        database_url, acme.url, settings=impatient(batch_size=1000), extra={"product": "tally"}
    )


@pytest.fixture
def jotter(acme: Acme, database_url: str) -> SteppedDelivery:
    """A delivery to the made-up product that knows nothing again, but keeps a log."""
    return SteppedDelivery(
        database_url, acme.url, settings=impatient(batch_size=1000), extra={"product": "jot"}
    )
