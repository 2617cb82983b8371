"""What the stack sets up with a product is enough for its programmes: who visits gets a message there."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from leadops.db import Connection
from leadops.effect_guards import EFFECT_GUARDS
from leadops.nurture.nurture_settings import NurtureSettings
from leadops.products.enrolment import ProgrammeStep
from leadops.settings import endpoint_from_connection
from leadops_stack.home import Home
from leadops_stack.product_connections import PRODUCT
from leadops_stack.variables import prepare_variables
from tests.leadops_stack.test_product_connections import SPOKEN
from tests.nurture.programme_world import ProgrammeWorld
from tests.products.stand_in import ProductDelivery, StandIn, serve_product
from tests.shipped import SHIPPED

PLACES = [
    ProgrammeStep(name, step.name)
    for name, programme in SHIPPED.nurture.programmes.items()
    if programme
    for step in programme.steps
]


def read_shipped() -> NurtureSettings:
    """The shipped programmes, at any hour of the day and for everybody."""
    programmes = {
        name: programme.model_copy(update={"holdout_share": 0})
        for name, programme in SHIPPED.nurture.programmes.items()
        if programme
    }
    changes = {"programmes": programmes, "quiet_hours": None}
    return SHIPPED.nurture.in_company(SHIPPED.company).model_copy(update=changes)


@pytest.fixture(params=SPOKEN)
def product(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def begun(
    product: str, home: Home, database_url: str, tmp_path: Path
) -> Iterator[tuple[ProductDelivery, StandIn]]:
    """The stand-in as it ships, and a delivery by the connection that `make up PRODUCT=…` writes."""
    values = prepare_variables(home, {PRODUCT: product})
    written = endpoint_from_connection(json.loads(values["AIRFLOW_CONN_LEADOPS_MA"]))
    with serve_product(tmp_path / product, database_url, product, extra=written.extra) as (desk, stand_in):
        desk.login, desk.guards = written.login, EFFECT_GUARDS
        yield desk, stand_in


def test_every_step_that_ships_has_a_counterpart(begun: tuple[ProductDelivery, StandIn]) -> None:
    client = begun[0].client()
    try:
        assert [client.product.find_enrolment_gap(place) for place in PLACES] == [None] * len(PLACES)
        lines = list(client.product.check_enrolments(PLACES, client.send))
    finally:
        client.close()
    assert {f"step {place}" for place in PLACES} <= {line.subject for line in lines}
    assert [str(line) for line in lines if str(line.state) != "ok"] == []


def test_who_visits_the_pricing_page_is_enrolled(
    connection: Connection, begun: tuple[ProductDelivery, StandIn], product: str
) -> None:
    desk, stand_in = begun
    world = ProgrammeWorld(connection, read_shipped(), began=desk.now)
    lead = desk.add_lead()
    desk.push(seconds=5)
    world.act(lead, desk.now, "view_pricing")
    desk.now += timedelta(minutes=61)
    assert world.run(desk.now) == [f"{lead} comparison"]
    connection.commit()
    desk.push(seconds=5)
    (seen,) = stand_in.enrolments()
    step = ("2001", "run") if product == "marketo" else ("pricing_page", "comparison")
    assert (seen["program"], seen["step"]) == step
    assert "pricing.comparison.v1" in seen["fields"].values()
