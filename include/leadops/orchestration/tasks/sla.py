"""The tasks of watch_sla: mirror the CRM, and bring the SLA clocks up to date."""

import logging
from dataclasses import asdict

from leadops.crm.poll import poll_crm
from leadops.erased.erased_filter import ErasureKeyError
from leadops.errors import PermanentError, TransientError
from leadops.orchestration.counts import Counts
from leadops.orchestration.run import TaskRun
from leadops.products.crm_client import CrmClient
from leadops.sla.watch_clocks import watch_clocks

log = logging.getLogger(__name__)


def poll(run: TaskRun) -> Counts:
    """Mirror what the salespeople did since the last poll.

    A CRM that is down or refuses us does not fail the task: the SLA clocks are held.
    """
    client = CrmClient(run.find_product("crm"), sleep=run.sleep)
    try:
        with run.open_database() as connection:
            overlap = run.config.feeds.crm.overlap
            result = poll_crm(connection, client, now=run.clock(), overlap=overlap, erased=run.erased)
    except ErasureKeyError:
        raise
    except TransientError as error:
        log.warning(
            "%s; the SLA clocks are held until it is back. `leadops check crm` says what to change", error
        )
        return {"activities": 0, "reps": 0, "unreachable": 1}
    except PermanentError as error:
        log.warning(
            "%s; correct the connection leadops_crm, `leadops check crm` says how. The SLA clocks are held"
            " until then",
            error,
        )
        return {"activities": 0, "reps": 0, "unreachable": 1}
    finally:
        client.close()
    return {"activities": result.activities, "reps": result.reps, "unreachable": 0}


def clock(run: TaskRun) -> Counts:
    """Bring the SLA clocks up to date."""
    with run.open_database() as connection:
        return asdict(watch_clocks(connection, policy=run.config.sla, now=run.clock()))
