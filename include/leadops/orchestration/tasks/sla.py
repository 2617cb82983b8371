"""The tasks of watch_sla: mirror the CRM, and bring the SLA clocks up to date."""

import logging
from dataclasses import asdict
from datetime import datetime

from leadops.crm.poll import poll_crm
from leadops.delivery.account_guard import holding_own_account
from leadops.delivery.daily_quota import find_allowance, note_closed, note_reads
from leadops.erased.erased_filter import ErasureKeyError
from leadops.errors import PermanentError, TransientError
from leadops.lanes import Lane
from leadops.orchestration.counts import Counts
from leadops.orchestration.run import TaskRun
from leadops.products.crm_client import CrmClient
from leadops.products.product_client import ProductClient
from leadops.products.registry import are_one_system
from leadops.sla.watch_clocks import watch_clocks

log = logging.getLogger(__name__)

CRM = "crm"
#: What a poll counts that read nothing.
NOT_READ: Counts = {"activities": 0, "reps": 0, "unreachable": 1}


def poll(run: TaskRun) -> Counts:
    """Mirror what the salespeople did since the last poll.

    A CRM that is down, refuses us, or takes no more calls today does not fail the task: the SLA clocks are
    held.
    """
    if until := _find_end_of_quota(run):
        log.warning("the CRM's calls of the day are used up until %s; the SLA clocks are held", until)
        return dict(NOT_READ)
    endpoint = run.find_product("crm")
    client = CrmClient(endpoint, sleep=run.sleep)
    try:
        with run.open_database() as connection:
            overlap = run.config.feeds.crm.overlap
            with holding_own_account(connection, client.client, target=CRM, now=run.clock()):
                result = poll_crm(
                    connection,
                    client,
                    now=run.clock(),
                    overlap=overlap,
                    erased=run.erased,
                    is_ma_too=client.has_one_id and are_one_system(run.find_endpoint("ma"), endpoint),
                )
    except ErasureKeyError:
        raise
    except TransientError as error:
        log.warning(
            "%s; the SLA clocks are held until it is back. `leadops check crm` says what to change", error
        )
        return dict(NOT_READ)
    except PermanentError as error:
        log.warning(
            "%s; correct the connection leadops_crm, `leadops check crm` says how. The SLA clocks are held"
            " until then",
            error,
        )
        return dict(NOT_READ)
    finally:
        _note_reads(run, client.client)
        client.close()
    return {"activities": result.activities, "reps": result.reps, "unreachable": 0}


def _find_end_of_quota(run: TaskRun) -> datetime | None:
    """Return when the CRM takes calls again (UTC), None where it does now; the incident names it."""
    settings, now = run.config.delivery.targets.get(CRM), run.clock()
    if settings is None:
        return None
    with run.open_database() as connection, connection.transaction():
        allowance = find_allowance(connection, CRM, settings, Lane.LIVE, now=now)
        if allowance.calls != 0 or allowance.reserved:
            return None
        note_closed(connection, CRM, until=allowance.ends_at)
    return allowance.ends_at


def _note_reads(run: TaskRun, client: ProductClient) -> None:
    """Count the calls of a poll, and keep what their answers said: the next poll and the push go by it."""
    outcomes, reading = client.take_outcomes(), client.take_quota()
    if outcomes:
        with run.open_database() as connection:
            note_reads(connection, CRM, outcomes=outcomes, reading=reading, now=run.clock())


def clock(run: TaskRun) -> Counts:
    """Bring the SLA clocks up to date."""
    with run.open_database() as connection:
        return asdict(watch_clocks(connection, policy=run.config.sla, now=run.clock()))
