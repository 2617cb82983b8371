"""The variables of an installation: its secrets, its ports, and the connections that follow from them."""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from typing import Any

from leadops.products.registry import DEFAULT_PRODUCT
from leadops.settings import (
    DATABASE_URL,
    GATEWAY_URL,
    OWNER_URL,
    PAGE_URL,
    PEOPLE_URL,
    READER_URL,
    postgres_url,
)
from leadops_stack.env_file import read_env, write_env
from leadops_stack.executor import EXECUTOR, choose_executor, uses_celery
from leadops_stack.gateways import GATEWAYS, OWN_PORTS, choose_gateways, list_gateways
from leadops_stack.home import Home
from leadops_stack.ports import DEFAULT_PORTS, read_ports
from leadops_stack.product_connections import (
    PRODUCT,
    choose_stand_in,
    describe_product,
    leave_out_steps,
    write_compose,
)

#: The roles of the cluster: its superuser, the owner of each database.
SUPERUSER, OWNER_ROLE, AIRFLOW_ROLE = "leadops_admin", "leadops_owner", "airflow"
#: The roles that work in the database of leadops and own nothing: of tasks, gateway, readers, Lead ops page.
TASKS_ROLE, GATEWAY_ROLE, REPORT_ROLE, PAGE_ROLE = (
    "leadops",
    "leadops_gateway",
    "leadops_reader",
    "leadops_page",
)
#: May read which of Airflow's tasks wait and run, and nothing else.
READER_ROLE = "airflow_reader"

#: The roles of the database of leadops: each one's user, and the variables of its URL and of its password.
ROLES = {
    OWNER_URL: (OWNER_ROLE, "LEADOPS_OWNER_DATABASE_PASSWORD"),
    DATABASE_URL: (TASKS_ROLE, "LEADOPS_DATABASE_PASSWORD"),
    GATEWAY_URL: (GATEWAY_ROLE, "LEADOPS_GATEWAY_DATABASE_PASSWORD"),
    READER_URL: (REPORT_ROLE, "LEADOPS_READER_DATABASE_PASSWORD"),
    PAGE_URL: (PAGE_ROLE, "LEADOPS_PAGE_DATABASE_PASSWORD"),
    PEOPLE_URL: ("leadops_people", "LEADOPS_PEOPLE_DATABASE_PASSWORD"),
}
#: What no part of the stack is given: only the supervisor makes roles and tables.
SUPERVISORS_OWN = (
    "LEADOPS_HEARTBEAT_URL",
    "LEADOPS_POSTGRES_PASSWORD",
    "LEADOPS_AIRFLOW_DATABASE_PASSWORD",
    "LEADOPS_AIRFLOW_READER_PASSWORD",
    "LEADOPS_REDIS_PASSWORD",
    *(password for _, password in ROLES.values()),
    *(url for url in ROLES if url != DATABASE_URL),
)

SLACK_TOKEN_PREFIX = "xoxb-"  # noqa: S105  a prefix by which Slack's own tools know a bot token


def fresh_secrets() -> dict[str, str]:
    """Return a new value for every secret; each is random, 32 bytes."""
    token = secrets.token_urlsafe
    return {
        "LEADOPS_POSTGRES_PASSWORD": token(32),
        **{password: token(32) for _, password in ROLES.values()},
        "LEADOPS_AIRFLOW_DATABASE_PASSWORD": token(32),
        "LEADOPS_AIRFLOW_READER_PASSWORD": token(32),
        "LEADOPS_REDIS_PASSWORD": token(32),
        "LEADOPS_MA_TOKEN": token(32),
        "LEADOPS_CRM_TOKEN": token(32),
        "LEADOPS_SLACK_TOKEN": SLACK_TOKEN_PREFIX + token(32),
        "LEADOPS_METRICS_TOKEN": token(32),
        "LEADOPS_WRITE_KEY": token(32),
        "LEADOPS_FORM_SECRETS": token(32),
        "LEADOPS_IDENTITY_SECRETS": token(32),
        "LEADOPS_ERASURE_KEY": token(32),
        "LEADOPS_ADMIN_PASSWORD": token(12),
        "LEADOPS_VIEWER_PASSWORD": token(12),
        "AIRFLOW__CORE__FERNET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "AIRFLOW__API__SECRET_KEY": token(32),
        "AIRFLOW__API_AUTH__JWT_SECRET": token(48),
    }


def connections(values: Mapping[str, str], ports: Mapping[str, int]) -> dict[str, str]:
    """Return the databases' URLs and the Airflow connections of a stack with these secrets and ports."""

    def http(port: int, token: str, **more: Any) -> str:
        host = "http://127.0.0.1"
        return json.dumps({"conn_type": "http", "host": host, "port": port, "password": token, **more})

    sandbox, gateway = ports["LEADOPS_PORT_SANDBOX"], ports["LEADOPS_PORT_GATEWAY"]
    slack = {
        "conn_type": "slack",
        "password": values["LEADOPS_SLACK_TOKEN"],
        "extra": {"base_url": f"http://127.0.0.1:{sandbox}/api/", "timeout": 5},
    }
    return {
        **{
            url: postgres_url(
                user=role,
                password=values[password],
                host="127.0.0.1",
                port=ports["LEADOPS_PORT_POSTGRES"],
                database="leadops",
            )
            for url, (role, password) in ROLES.items()
        },
        "LEADOPS_AIRFLOW_READER_URL": postgres_url(
            user=READER_ROLE,
            password=values["LEADOPS_AIRFLOW_READER_PASSWORD"],
            host="127.0.0.1",
            port=ports["LEADOPS_PORT_POSTGRES"],
            database="airflow",
        ),
        "AIRFLOW_CONN_LEADOPS_MA": http(
            sandbox, values["LEADOPS_MA_TOKEN"], **describe_product(values, "ma")
        ),
        "AIRFLOW_CONN_LEADOPS_CRM": http(
            sandbox, values["LEADOPS_CRM_TOKEN"], **describe_product(values, "crm")
        ),
        "AIRFLOW_CONN_LEADOPS_CDP": http(gateway, values["LEADOPS_METRICS_TOKEN"]),
        "AIRFLOW_CONN_LEADOPS_SLACK": json.dumps(slack),
        # The canary writes to the MA and the CRM where they are this sandbox, and to no other one.
        "AIRFLOW_CONN_LEADOPS_CANARY": http(
            gateway,
            values["LEADOPS_WRITE_KEY"],
            extra={
                "form_secret": values["LEADOPS_FORM_SECRETS"],
                "sandbox": f"http://127.0.0.1:{sandbox}",
            },
        ),
    }


def prepare_variables(home: Home, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return every variable of the installation; write to its file what the file lacks.

    A port comes from `environ`, else from the file, else from the defaults. Where a port changes, the
    connections that still are as we wrote them, or an earlier version did, follow it; one that somebody
    changed stays as it is. So it is with the product for which the sandbox stands in. The executor and the
    number of gateways come from there too.
    """
    kept = read_env(home.env_file)
    values = {**fresh_secrets(), **{name: value for name, value in kept.items() if value}}
    before = read_ports(values)
    ports = read_ports({**values, **{name: environ[name] for name in DEFAULT_PORTS if environ.get(name)}})
    ours = connections(values, before)
    if named := environ.get(EXECUTOR):
        values[EXECUTOR] = choose_executor(named)
    if number := environ.get(GATEWAYS):
        values[GATEWAYS] = choose_gateways(number)
    values |= _name_product(environ.get(PRODUCT) or values.get(PRODUCT, ""), kept)
    wanted = connections(values, ports)
    for name, value in wanted.items():
        if values.get(name, ours[name]) in (ours[name], leave_out_steps(ours[name])):
            values[name] = value
    values.update({name: str(port) for name, port in ports.items()})
    values.setdefault("LEADOPS_MARK_FOLDER", str(home.root / "marks"))
    values.setdefault("LEADOPS_WAREHOUSE_URL", str(home.root / "warehouse"))
    changed = {name: value for name, value in values.items() if kept.get(name) != value}
    if changed:
        write_env(home.env_file, changed)
    return values


def _name_product(name: str, kept: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that name the product of the sandbox; none while there never was one."""
    product = choose_stand_in(name)
    if not product and PRODUCT not in kept:
        return {}
    return {PRODUCT: product or DEFAULT_PRODUCT, **write_compose(product)}


def uses_sandbox(values: Mapping[str, str]) -> bool:
    """Return whether the MA and the CRM are the sandbox: simulated visitors must not reach a real one."""
    ours = connections(values, read_ports(values))
    return all(
        json.loads(values[name]).get(part) == json.loads(ours[name]).get(part)
        for name in ("AIRFLOW_CONN_LEADOPS_MA", "AIRFLOW_CONN_LEADOPS_CRM")
        for part in ("host", "port")
    )


def needed_ports(values: Mapping[str, str]) -> list[str]:
    """Return the variables of the ports on which this stack will listen."""
    unused = {
        "LEADOPS_PORT_SANDBOX": not uses_sandbox(values),
        "LEADOPS_PORT_REDIS": not uses_celery(values),
        **{port: port not in list_gateways(values).values() for port in OWN_PORTS.values()},
    }
    return [name for name in DEFAULT_PORTS if not unused.get(name)]
