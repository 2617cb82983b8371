"""A product is one folder: that of docs/products/adding.md, from its page through the core and back."""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import leadops.products
import leadops_sandbox.products
from leadops.cli.init_config import init_config
from leadops.config.load_config import load_section
from leadops.configuration import Config, find_model
from leadops.errors import ConfigError
from leadops_sandbox.products.registry import list_stand_ins
from leadops_sandbox.serve import serve_in_thread
from leadops_stack.product_connections import PRODUCT, describe_product
from tests.delivery_fixture import impatient
from tests.products.stand_in import ProductDelivery, StandIn

PAGE = Path(__file__).parents[2] / "docs" / "products" / "adding.md"
BLOCK = re.compile(r"^```(?:python|yaml)\n# (include/\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The files of the page in a folder of their own, where the registries look."""
    files = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(files) == 5
    for name, text in files:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        (file.parent / "__init__.py").touch()
        file.write_text(text, encoding="utf-8")
    for package in (leadops.products, leadops_sandbox.products):
        folder = tmp_path / "include" / Path(*package.__name__.split("."))
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    yield
    for name in [name for name in sys.modules if ".products.tiny" in name]:
        del sys.modules[name]


@pytest.fixture
def running(tiny: None, tmp_path: Path, database_url: str) -> Iterator[tuple[ProductDelivery, StandIn]]:
    with serve_in_thread(tmp_path / "world", product="tiny", sales_work=False) as url:
        desk = ProductDelivery(
            database_url,
            url,
            settings=impatient(batch_size=1000),
            extra={"product": "tiny"},
            products=Config().products,
            now=datetime.now(UTC),
        )
        yield desk, StandIn(url, "tiny")


def test_its_scores_arrive_and_a_refused_row_dies_alone(running: tuple[ProductDelivery, StandIn]) -> None:
    desk, stand_in = running
    first, second = desk.add(5, 2), desk.add(1)
    desk.push()
    score = {lead: stand_in.leads()[desk.person(lead)]["score"] for lead in (first, second)}
    assert score == {first: 7, second: 1}
    desk.score(first, 3)
    desk.score(second, 4)
    stand_in.fault("refused_rows", rows=[desk.person(second)])
    desk.push()
    assert stand_in.leads()[desk.person(first)]["score"] == 10
    assert stand_in.leads()[desk.person(second)]["score"] == 1
    assert desk.letters() == [("delta", "the contact is closed")]


def test_its_section_is_a_part_of_products_yaml(tiny: None, tmp_path: Path) -> None:
    assert Config().products.tiny.score_field == "leadops_score"
    own = tmp_path / "products.yaml"
    own.write_text("tiny: {score_feld: x}\n")
    with pytest.raises(ConfigError, match=r"products\.yaml:1: tiny\.score_feld.*did you mean score_field"):
        load_section("products", find_model("products"), own=own)
    init_config(tmp_path / "own")
    written = (tmp_path / "own" / "products.yaml").read_text()
    assert "#tiny:\n  # The field of the contact that takes the score.\n#  score_field" in written
    assert "#hubspot:\n" in written


def test_the_stack_speaks_it_as_the_ma_alone(tiny: None) -> None:
    assert "tiny" in list_stand_ins()
    assert describe_product({PRODUCT: "tiny"}, "ma")["extra"]["product"] == "tiny"
    assert describe_product({PRODUCT: "tiny"}, "crm") == {}
