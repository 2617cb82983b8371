"""Every check, in the order in which they run."""

from collections.abc import Callable

from leadops.alerts.check import Check, CheckInput, Look
from leadops.alerts.findings import Finding
from leadops.alerts.watch_audit import watch_audit
from leadops.alerts.watch_cdp import watch_cdp
from leadops.alerts.watch_contract import watch_contract
from leadops.alerts.watch_dags import DAG_KINDS, watch_dags
from leadops.alerts.watch_delivery import watch_backlogs, watch_dead_letters, watch_outbox
from leadops.alerts.watch_funnel import watch_funnel
from leadops.alerts.watch_identity import watch_guards
from leadops.alerts.watch_routing import watch_queues
from leadops.alerts.watch_sla import watch_sla
from leadops.alerts.watch_thresholds import watch_thresholds
from leadops.alerts.watch_training import watch_training
from leadops.db import Connection


def _adapt(look: Callable[..., list[Finding]]) -> Look:
    return lambda connection, given: look(connection, open_now=given.open_now, now=given.now)


def _adapt_with_settings(look: Callable[..., list[Finding]]) -> Look:
    return lambda connection, given: look(
        connection, settings=given.settings, open_now=given.open_now, now=given.now
    )


def _watch_dags(connection: Connection, given: CheckInput) -> list[Finding]:  # noqa: ARG001
    return watch_dags(connection)


def _watch_cdp(connection: Connection, given: CheckInput) -> list[Finding]:
    if given.cdp is None:
        return []
    return watch_cdp(connection, given.cdp, settings=given.settings, open_now=given.open_now, now=given.now)


CHECKS: tuple[Check, ...] = (
    Check("cdp", ("cdp_lag", "cdp_unreachable"), _watch_cdp),
    Check(
        "sla", ("sla_at_risk", "sla_breach"), lambda connection, given: watch_sla(connection, now=given.now)
    ),
    Check("queues", ("queue_waiting",), _adapt(watch_queues)),
    Check("backlogs", ("ma_backlog",), _adapt_with_settings(watch_backlogs)),
    Check("outbox", ("outbox_waiting",), _adapt_with_settings(watch_outbox)),
    Check("dead_letters", ("dead_letters",), _adapt(watch_dead_letters)),
    Check("audit", ("audit_differences",), _adapt(watch_audit)),
    Check("identity", ("identity_guard",), _adapt(watch_guards)),
    Check("funnel", ("funnel_gate",), _adapt(watch_funnel)),
    Check("contract", ("contract_changed",), _adapt(watch_contract)),
    Check("thresholds", ("threshold_waits", "threshold_reverted"), _adapt(watch_thresholds)),
    Check("training", ("feature_refused",), _adapt(watch_training)),
    Check("dags", DAG_KINDS, _watch_dags),
)
