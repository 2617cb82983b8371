"""The task of run_canary."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from leadops.canary.canary_settings import CanarySettings
from leadops.canary.knock import read_gateway
from leadops.canary.run_canary import CanaryWay, run_canary
from leadops.errors import PermanentError
from leadops.orchestration.counts import Counts
from leadops.orchestration.run import TaskRun
from leadops.products.product_rows import EffectRow, UnsupportedCallError
from leadops.products.registry import choose_product
from leadops.settings import Endpoint, endpoint_from_connection
from leadops.warehouse.warehouse_settings import list_warehouses

log = logging.getLogger(__name__)

#: The Airflow connection with the gateway's address, its write key and a secret of forms.
CONNECTION = "leadops_canary"


def visit(run: TaskRun) -> Counts:
    """Send a simulated visitor through every door, and note how long each hop takes.

    A door that does not open makes nothing red: the hop is late, and check_alerts says so.
    """
    settings = run.config.canary
    fields = dict(run.find_connection(CONNECTION))
    if not settings.enabled or not fields:
        return {"off": "canary.yaml" if not settings.enabled else CONNECTION}
    gateway = endpoint_from_connection(fields)
    writes_to = _choose_targets(run, settings, gateway)
    way = CanaryWay(
        gateway=read_gateway(gateway),
        writes_to=writes_to,
        can_erase=all(_can_erase(run, target) for target in sorted(writes_to)),
        has_feed=bool(run.find_connection("leadops_crm")),
        warehouses=list_warehouses(run.config.warehouse),
    )
    with run.open_database() as connection:
        result = run_canary(connection, way, settings=settings, clock=run.clock, sleep=run.sleep)
    if result.problem:
        log.warning("a door does not open: %s", result.problem)
    return asdict(result)


def _choose_targets(run: TaskRun, settings: CanarySettings, gateway: Endpoint) -> frozenset[str]:
    """Return where it writes to: where the settings say so, and what is at the address of the sandbox.

    `sandbox` in the extra of the gateway's connection says where that is. An MA or CRM of another address is
    left alone, whoever changed its connection, and when.
    """
    sandbox = str(gateway.extra.get("sandbox") or "").rstrip("/")
    simulated = {
        target
        for target in ("ma", "crm")
        if sandbox and _find_address(run.find_connection(f"leadops_{target}")) == sandbox
    }
    return settings.writes_to | simulated


def _find_address(fields: Mapping[str, Any]) -> str:
    return endpoint_from_connection(dict(fields)).base_url if fields else ""


def _can_erase(run: TaskRun, target: str) -> bool:
    """Return whether the product has a call that erases a lead."""
    product = choose_product(run.find_product(target))
    try:
        product.make_effect_call(EffectRow(target, "erase_lead", None, "1", {}))
    except UnsupportedCallError:
        return False
    except PermanentError:
        return True  # it has one, and this id is none of its ids
    return True
