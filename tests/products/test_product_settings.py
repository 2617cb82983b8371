"""The settings of a product travel with its endpoint: nobody below the wiring can forget them."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from leadops.cli.context import find_product
from leadops.cli.run_task import make_run
from leadops.config.load_config import load_section
from leadops.errors import ConfigError
from leadops.products.product import find_settings
from leadops.products.product_folders import list_products
from leadops.products.product_settings import (
    ProductsSettings,
    add_product_settings,
    find_products_settings,
)
from leadops.settings import Endpoint, Settings, endpoint_from_connection
from tests.shipped import SHIPPED


def test_an_endpoint_gets_the_section_of_its_product_alone() -> None:
    def of(extra: dict[str, Any]) -> Settings | None:
        endpoint = Endpoint(base_url="https://x.example", extra=extra)
        return add_product_settings(endpoint, SHIPPED.products).product_settings

    assert of({"product": "hubspot"}) is SHIPPED.products.hubspot
    without: list[dict[str, Any]] = [{}, {"product": "generic"}, {"product": "acme"}, {"product": 7}]
    assert [of(extra) for extra in without] == [None] * 4


def test_the_connection_names_steps_of_its_account_beside_those_of_the_file() -> None:
    products = SHIPPED.products
    own = products.hubspot.enrolments.add_steps(
        {"webinar": {"hello": 1}, "pricing_page": {"roi": 2, "old": 3}}
    )
    section = products.hubspot.model_copy(update={"enrolments": own})
    products = products.model_copy(update={"hubspot": section})

    def of(steps: Any) -> Any:
        extra = {"product": "hubspot", "steps": steps}
        endpoint = Endpoint(base_url="https://x.example", extra=extra)
        return add_product_settings(endpoint, products).product_settings

    assert of({"pricing_page": {"roi": 502}, "trial": {"first": "9"}}).enrolments.steps == {
        "webinar": {"hello": "1"},
        "pricing_page": {"roi": "502", "old": "3"},
        "trial": {"first": "9"},
    }
    assert of(None) is of({}) is section
    for wrong in ("501", {"pricing_page": "501"}, {"pricing_page": {"roi": "5 01"}}):
        with pytest.raises(ConfigError, match=r"connection to https://x.example, extra: steps"):
            of(wrong)


def test_every_section_is_a_product() -> None:
    sections = set(find_products_settings().model_fields)
    assert {"hubspot", "salesforce", "marketo", "odoo", "mautic"} <= sections <= set(list_products())


def test_a_product_without_its_settings_says_so() -> None:
    with pytest.raises(ConfigError, match="needs its settings"):
        find_settings(Endpoint(base_url="https://x.example"), ProductsSettings)


def test_an_own_file_reaches_what_the_tasks_and_the_commands_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "products.yaml").write_text("hubspot: {properties: {score: acme_score}}\n")
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("LEADOPS_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv(
        "AIRFLOW_CONN_LEADOPS_MA",
        '{"conn_type":"http","host":"https://api.example","login":"me","extra":{"product":"hubspot"}}',
    )
    for found in (find_product("ma"), make_run("push").find_product("ma")):
        assert found.login == "me"
        assert found.product_settings is not None
        shown = found.product_settings.model_dump()
        assert shown["properties"] == {"score": "acme_score", "external_id": "leadops_id", "seq": None}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("hubspto: {}", "did you mean hubspot"),
        ("hubspot: {properties: {scores: x}}", "did you mean score"),
        ("hubspot: {properties: {score: Leadops Score}}", "hubspot.properties.score"),
        ("hubspot: {properties: {score: null}}", "hubspot.properties.score"),
        ("hubspot: {api_version: v3}", "hubspot.api_version"),
        ("hubspot: {api_version: ../../x}", "hubspot.api_version"),
        ("hubspot: {page_size: 201}", "hubspot.page_size"),
        ("hubspot: {lead_statuses: [taken]}", "hubspot.lead_statuses"),
    ],
)
def test_a_wrong_section_is_refused_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    file = tmp_path / "products.yaml"
    file.write_text(f"# ours\n{text}\n")
    with pytest.raises(ConfigError, match=fault) as error:
        load_section("products", find_products_settings(), own=file)
    assert "products.yaml:2" in str(error.value)


def test_a_lead_status_of_the_account_is_added_and_a_shipped_one_taken_out(tmp_path: Path) -> None:
    file = tmp_path / "products.yaml"
    file.write_text(yaml.safe_dump({"hubspot": {"lead_statuses": {"BAD_FIT": "lost", "OPEN_DEAL": None}}}))
    statuses = load_section("products", find_products_settings(), own=file).settings.hubspot.lead_statuses
    shipped = SHIPPED.products.hubspot.lead_statuses
    kept = {name: word for name, word in shipped.items() if name != "OPEN_DEAL"}
    assert statuses == kept | {"BAD_FIT": "lost"}


def test_a_connection_has_a_login() -> None:
    assert endpoint_from_connection({"host": "x", "login": "id"}).login == "id"
    assert endpoint_from_connection({"host": "x", "login": None}).login == ""


def test_settings_import_no_product() -> None:
    script = (
        "import sys, leadops.products.product_settings\n"
        "found = [name for name in sys.modules if name.endswith('_product')]\n"
        "assert found == [], found"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
