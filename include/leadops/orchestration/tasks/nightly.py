"""The tasks of decay_scores and audit_scores, which keep scores right."""

import logging
from collections import Counter
from dataclasses import asdict

from leadops.delivery.account_guard import OtherAccountError, holding_own_account
from leadops.delivery.daily_quota import note_reads
from leadops.delivery.database_mark import ON_HOLD, find_hold
from leadops.delivery.reconcile import reconcile_scores
from leadops.orchestration.counts import Counts, run_chunks
from leadops.orchestration.run import TaskRun
from leadops.products.product_client import ProductClient
from leadops.scoring.active_rules import name_source
from leadops.scoring.decay_leads import decay_leads
from leadops.scoring.unmatched_values import list_unmatched_values

#: Values without a fitting rule that a night counts; the rarest ones beyond are left out.
MAX_UNMATCHED = 10_000

log = logging.getLogger(__name__)


def decay(run: TaskRun) -> Counts:
    """Apply score decay up to the end of the day; log which traits have values that no fit rule fits."""
    rules, zone = run.config.scoring, run.config.company.zone
    source = name_source(run.config.find_file("scoring"))
    with run.open_database() as connection:
        counts = run_chunks(
            lambda: decay_leads(
                connection, rules=rules, zone=zone, day=run.day, now=run.clock(), source=source
            ),
            clock=run.clock,
        )
        unmatched = Counter[str]()
        for value in list_unmatched_values(connection, rules=rules, max_values=MAX_UNMATCHED):
            unmatched[value.trait] += value.leads
    for trait, leads in unmatched.most_common():
        log.info("no fit rule fits the %s of %d leads; `leadops score --unmatched` lists them", trait, leads)
    return counts | {"day": run.day.isoformat()}


def audit(run: TaskRun) -> Counts:
    """Compare every score in the MA with the ledger; correct a few, open an incident for many."""
    started = run.clock()
    client = ProductClient(run.find_product("ma"))
    try:
        with run.open_database() as connection:
            if find_hold(connection):
                log.warning(ON_HOLD)
                return {"on_hold": True}
            connection.commit()
            with holding_own_account(connection, client, target="ma", now=started):
                result = reconcile_scores(
                    connection,
                    client,
                    settings=run.config.delivery.audit,
                    night=started.astimezone(run.config.company.zone).date(),
                    audited_by=f"{run.dag_id} {run.run_id}",
                    now=started,
                )
    except OtherAccountError as error:
        log.warning("%s", error)
        return {"on_hold": True}
    finally:
        if outcomes := client.take_outcomes():
            with run.open_database() as connection:
                note_reads(connection, "ma", outcomes=outcomes, reading=client.take_quota(), now=run.clock())
        client.transport.close()
    if result.uncorrected:
        log.warning("not corrected: leads %s", ", ".join(map(str, result.uncorrected)))
    return {
        name: value
        for name, value in asdict(result).items()
        if name not in ("uncorrected", "unmatched_leads")
    }
