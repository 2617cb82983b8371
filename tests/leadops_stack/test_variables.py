import json
import re
from pathlib import Path

import psycopg.conninfo
import pytest
import yaml

from leadops.canary.knock import read_gateway
from leadops.errors import ConfigError
from leadops.products.product_folders import list_products
from leadops.products.registry import choose_product
from leadops.settings import endpoint_from_connection
from leadops_sandbox.products.registry import list_stand_ins
from leadops_stack.airflow_env import airflow_environment
from leadops_stack.env_file import read_env, write_env
from leadops_stack.home import Home
from leadops_stack.ports import DEFAULT_PORTS
from leadops_stack.variables import fresh_secrets, needed_ports, prepare_variables, uses_sandbox

COMPOSE = Path(__file__).parents[2] / "docker-compose.yaml"


def test_every_installation_has_its_own_secrets() -> None:
    one, other = fresh_secrets(), fresh_secrets()
    assert not set(one.values()) & set(other.values())
    assert len(set(one.values())) == len(one)
    assert min(map(len, one.values())) >= 16


def test_the_file_is_written_once_and_kept(home: Home) -> None:
    first = prepare_variables(home, {})
    assert read_env(home.env_file) == first
    before = home.env_file.read_bytes(), home.env_file.stat().st_mtime_ns
    assert prepare_variables(home, {}) == first
    assert (home.env_file.read_bytes(), home.env_file.stat().st_mtime_ns) == before


def test_the_connections_lead_to_the_parts(home: Home) -> None:
    values = prepare_variables(home, {})
    crm = endpoint_from_connection(json.loads(values["AIRFLOW_CONN_LEADOPS_CRM"]))
    assert crm.base_url == f"http://127.0.0.1:{DEFAULT_PORTS['LEADOPS_PORT_SANDBOX']}"
    assert crm.token == values["LEADOPS_CRM_TOKEN"]
    parts = psycopg.conninfo.conninfo_to_dict(values["LEADOPS_DATABASE_URL"])
    assert (parts["user"], parts["password"]) == ("leadops", values["LEADOPS_DATABASE_PASSWORD"])


def test_the_canary_gets_the_key_of_servers_and_the_secret_of_forms_and_no_other(home: Home) -> None:
    values = prepare_variables(home, {"LEADOPS_PORT_SANDBOX": "9999", "LEADOPS_PORT_GATEWAY": "9997"})
    written = values["AIRFLOW_CONN_LEADOPS_CANARY"]
    doors = read_gateway(endpoint_from_connection(json.loads(written)))
    assert doors.endpoint.base_url == "http://127.0.0.1:9997"
    assert (doors.write_key, doors.form_secret) == (
        values["LEADOPS_WRITE_KEY"],
        values["LEADOPS_FORM_SECRETS"],
    )
    assert [name for name in fresh_secrets() if values[name] in written] == [
        "LEADOPS_WRITE_KEY",
        "LEADOPS_FORM_SECRETS",
    ]
    ma = endpoint_from_connection(json.loads(values["AIRFLOW_CONN_LEADOPS_MA"]))
    assert doors.endpoint.extra["sandbox"] == ma.base_url


def test_in_containers_only_airflow_has_the_canarys_connection(home: Home) -> None:
    values = prepare_variables(home, {})
    services = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    name = "AIRFLOW_CONN_LEADOPS_CANARY"
    given = {service for service, what in services.items() if name in what.get("environment", {})}
    assert {"scheduler", "worker"} <= given
    assert not given & {"gateway", "live", "watchdog", "sandbox", "postgres"}
    environment = services["worker"]["environment"]
    ma, canary = (
        endpoint_from_connection(
            json.loads(
                re.sub(
                    r"\$\{(\w+):([-?])([^}]*)\}",
                    lambda found: values[found[1]] if found[2] == "?" else found[3],
                    environment[f"AIRFLOW_CONN_LEADOPS_{part}"],
                )
            )
        )
        for part in ("MA", "CANARY")
    )
    doors = read_gateway(canary)
    assert (doors.write_key, doors.form_secret) == (
        values["LEADOPS_WRITE_KEY"],
        values["LEADOPS_FORM_SECRETS"],
    )
    assert canary.extra["sandbox"] == ma.base_url


def test_a_new_port_moves_what_we_wrote_and_only_that(home: Home) -> None:
    values = prepare_variables(home, {})
    own = json.dumps({"conn_type": "http", "host": "https://crm.example.com", "password": "theirs"})
    write_env(home.env_file, {"AIRFLOW_CONN_LEADOPS_CRM": own})
    moved = prepare_variables(home, {"LEADOPS_PORT_SANDBOX": "9999", "LEADOPS_PORT_POSTGRES": "9998"})
    assert json.loads(moved["AIRFLOW_CONN_LEADOPS_MA"])["port"] == 9999
    assert ":9999/api/" in moved["AIRFLOW_CONN_LEADOPS_SLACK"]
    assert "127.0.0.1:9998/leadops" in moved["LEADOPS_DATABASE_URL"]
    assert moved["AIRFLOW_CONN_LEADOPS_CRM"] == own
    assert moved["LEADOPS_MA_TOKEN"] == values["LEADOPS_MA_TOKEN"]
    assert read_env(home.env_file) == moved
    assert prepare_variables(home, {}) == moved


def test_a_removed_secret_is_made_anew(home: Home) -> None:
    values = prepare_variables(home, {})
    write_env(home.env_file, {"LEADOPS_WRITE_KEY": ""})
    again = prepare_variables(home, {})
    assert again["LEADOPS_WRITE_KEY"] not in ("", values["LEADOPS_WRITE_KEY"])


def test_made_up_visitors_never_reach_a_real_system(home: Home) -> None:
    values = prepare_variables(home, {})
    assert uses_sandbox(values)
    real = json.dumps({"conn_type": "http", "host": "https://ma.example.com", "password": "theirs"})
    assert not uses_sandbox({**values, "AIRFLOW_CONN_LEADOPS_MA": real})
    assert not uses_sandbox({**values, "AIRFLOW_CONN_LEADOPS_CRM": real})


def test_only_the_ports_of_parts_that_start_must_be_free(home: Home) -> None:
    values = prepare_variables(home, {"AIRFLOW__CORE__EXECUTOR": "celery", "LEADOPS_GATEWAYS": "2"})
    assert set(needed_ports(values)) == set(DEFAULT_PORTS)
    values = prepare_variables(home, {"AIRFLOW__CORE__EXECUTOR": "local", "LEADOPS_GATEWAYS": "1"})
    own = {"LEADOPS_PORT_GATEWAY_1", "LEADOPS_PORT_GATEWAY_2"}
    assert set(DEFAULT_PORTS) - set(needed_ports(values)) == {"LEADOPS_PORT_REDIS", *own}
    theirs = {"conn_type": "http", "host": "https://ma.example.com", "password": "x" * 20}
    values["AIRFLOW_CONN_LEADOPS_MA"] = json.dumps(theirs)
    assert set(DEFAULT_PORTS) - set(needed_ports(values)) == {
        "LEADOPS_PORT_REDIS",
        "LEADOPS_PORT_SANDBOX",
        *own,
    }


def test_no_variable_of_airflow_replaces_one_of_the_installation(home: Home) -> None:
    """The watchdog's and the tasks' ways to Airflow's database once had one name for two roles."""
    values = prepare_variables(home, {})
    assert not values.keys() & airflow_environment(home, values).keys()


@pytest.mark.parametrize("product", list_stand_ins())
def test_a_stand_in_is_named_by_the_connections_and_kept(home: Home, product: str) -> None:
    plain = prepare_variables(home, {})
    assert "LEADOPS_SANDBOX_PRODUCT" not in plain
    values = prepare_variables(home, {"LEADOPS_SANDBOX_PRODUCT": product})
    assert values["LEADOPS_SANDBOX_PRODUCT"] == product
    ma, crm = (
        endpoint_from_connection(json.loads(values[f"AIRFLOW_CONN_LEADOPS_{name}"])).extra.get("product")
        for name in ("MA", "CRM")
    )
    is_spoken = product in list_products()
    assert ma == (product if is_spoken else None)
    assert crm == (product if is_spoken and product not in ("marketo", "mautic") else None)
    assert uses_sandbox(values)
    assert prepare_variables(home, {}) == values
    back = prepare_variables(home, {"LEADOPS_SANDBOX_PRODUCT": "generic"})
    for name in ("AIRFLOW_CONN_LEADOPS_MA", "AIRFLOW_CONN_LEADOPS_CRM"):
        assert back[name] == plain[name]
        choose_product(endpoint_from_connection(json.loads(back[name])))


def test_a_connection_of_an_earlier_version_gets_the_steps_of_programmes(home: Home) -> None:
    values = prepare_variables(home, {"LEADOPS_SANDBOX_PRODUCT": "hubspot"})
    former = json.loads(values["AIRFLOW_CONN_LEADOPS_MA"])
    assert former["extra"].pop("steps")
    write_env(home.env_file, {"AIRFLOW_CONN_LEADOPS_MA": json.dumps(former)})
    assert prepare_variables(home, {}) == values
    theirs = json.dumps(former | {"login": "somebody"})
    write_env(home.env_file, {"AIRFLOW_CONN_LEADOPS_MA": theirs})
    assert prepare_variables(home, {})["AIRFLOW_CONN_LEADOPS_MA"] == theirs


@pytest.mark.parametrize("product", sorted(set(list_stand_ins()) & set(list_products())))
def test_containers_get_the_same_connections_but_for_the_address(home: Home, product: str) -> None:
    values = prepare_variables(home, {"LEADOPS_SANDBOX_PRODUCT": product})
    written = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["x-connections"]
    for name in ("AIRFLOW_CONN_LEADOPS_MA", "AIRFLOW_CONN_LEADOPS_CRM"):
        filled = re.sub(r"\$\{(\w+)[^}]*\}", lambda found: values[found[1]], written[name])
        here, there = (endpoint_from_connection(json.loads(text)) for text in (values[name], filled))
        if here.extra:
            assert (there.extra, there.login, there.token) == (here.extra, here.login, here.token)
        else:
            assert there.extra["product"] == "generic"


def test_a_stand_in_that_there_is_not_is_refused(home: Home) -> None:
    with pytest.raises(ConfigError, match="choose one of generic, hubspot"):
        prepare_variables(home, {"LEADOPS_SANDBOX_PRODUCT": "sugar"})


def test_a_connection_of_ones_own_stays_whatever_the_product(home: Home) -> None:
    prepare_variables(home, {})
    own = json.dumps({"conn_type": "http", "host": "https://crm.example.com", "password": "theirs"})
    write_env(home.env_file, {"AIRFLOW_CONN_LEADOPS_CRM": own})
    values = prepare_variables(home, {"LEADOPS_SANDBOX_PRODUCT": "odoo"})
    assert values["AIRFLOW_CONN_LEADOPS_CRM"] == own
    assert json.loads(values["AIRFLOW_CONN_LEADOPS_MA"])["extra"]["product"] == "odoo"
