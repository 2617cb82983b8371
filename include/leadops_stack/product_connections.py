"""The connections to the sandbox where it stands in for a real product (`make up PRODUCT=hubspot`)."""

import json
from collections.abc import Mapping
from typing import Any

from leadops.errors import ConfigError
from leadops.products.product_folders import list_products
from leadops.products.registry import DEFAULT_PRODUCT
from leadops_sandbox.products.registry import find_face, list_stand_ins, read_steps

#: The variable that names the product, and those that docker-compose.yaml puts into the two connections.
PRODUCT = "LEADOPS_SANDBOX_PRODUCT"
IN_COMPOSE = {"ma": "LEADOPS_SANDBOX_MA_PRODUCT", "crm": "LEADOPS_SANDBOX_CRM_PRODUCT"}
STEPS_IN_COMPOSE = "LEADOPS_SANDBOX_MA_STEPS"
#: As whom all stand-ins know leadops, and what their connections say beside the product: each takes its own.
LOGIN = "sandbox-client"
EXTRA = {"database": "leadops", "grant": "client_credentials"}


def choose_stand_in(name: str) -> str:
    """Return the product that the sandbox serves, empty for our own contract.

    Raises ConfigError for a product that it cannot be.
    """
    if name in ("", DEFAULT_PRODUCT):
        return ""
    if name not in (stand_ins := list_stand_ins()):
        names = ", ".join([DEFAULT_PRODUCT, *stand_ins])
        raise ConfigError(f"{PRODUCT}={name}: the sandbox cannot be that; choose one of {names}")
    return name


def find_spoken(product: str, target: str) -> str:
    """Return what leadops speaks with `target` (ma, crm) of a sandbox that serves `product`."""
    is_spoken = product in list_products() and product in list_stand_ins()
    if not is_spoken or (target == "crm" and not find_face(product).is_crm):
        return DEFAULT_PRODUCT
    return product


def describe_product(values: Mapping[str, str], target: str) -> dict[str, Any]:
    """Return what the connection to `target` says of the product in `values`; {} for our own contract."""
    spoken = find_spoken(values.get(PRODUCT, ""), target)
    if spoken == DEFAULT_PRODUCT:
        return {}
    steps = {"steps": read_steps(spoken)} if target == "ma" else {}
    return {"login": LOGIN, "extra": {"product": spoken, **EXTRA, **steps}}


def leave_out_steps(connection: str) -> str:
    """Return a connection as it was written before it named the steps of programmes; a URL as it is."""
    if not connection.startswith("{"):
        return connection
    content = json.loads(connection)
    content.get("extra", {}).pop("steps", None)
    return json.dumps(content)


def write_compose(product: str) -> dict[str, str]:
    """Return the variables of docker-compose.yaml that say the same of a sandbox that serves `product`."""
    spoken = {target: find_spoken(product, target) for target in IN_COMPOSE}
    steps = {} if spoken["ma"] == DEFAULT_PRODUCT else read_steps(spoken["ma"])
    return {
        **{variable: spoken[target] for target, variable in IN_COMPOSE.items()},
        STEPS_IN_COMPOSE: json.dumps(steps, separators=(",", ":")),
    }
