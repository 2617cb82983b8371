"""A pipeline on a database of its own, with a gateway that listens and an MA that can be killed."""

from collections.abc import Iterator

import pytest

from tests.delivery_fixture import DeliveryFixture
from tests.gateway.conftest import KEY, Serve, serve
from tests.integration.ma_process import MaProcess
from tests.integration.pipeline import Pipeline

__all__ = ["serve"]


@pytest.fixture(scope="session")
def ma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MaProcess]:
    process = MaProcess(tmp_path_factory.mktemp("ma-process"))
    process.start()
    yield process
    process.kill()


@pytest.fixture
def pipeline(ma: MaProcess, database_url: str, serve: Serve) -> Iterator[Pipeline]:
    ma.start()
    gateway = serve()
    gateway.headers.update({"X-Write-Key": KEY, "X-Leadops-History": "true"})
    made = Pipeline(DeliveryFixture(database_url, ma.url), gateway)
    made.desk.heal()
    yield made
    while made.held:
        made.release(0, keep=False)
    ma.start()
    made.desk.heal()
