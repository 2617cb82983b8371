"""The tasks of the nightly DAGs that keep scores right."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from leadops.clients.ma import MaClient
from leadops.configuration import Config
from leadops.delivery.reconcile import reconcile_scores
from leadops.orchestration.connections import find_endpoint, open_database
from leadops.orchestration.heartbeat import note_success
from leadops.orchestration.runs import find_day, now
from leadops.scoring.active_rules import name_source
from leadops.scoring.decay_leads import decay_leads

log = logging.getLogger(__name__)

Context = Mapping[str, Any]
Counts = dict[str, Any]

#: The last tasks of the nightly DAGs.
DECAY_LEAVES = ("decay",)
AUDIT_LEAVES = ("audit",)


def decay(context: Context) -> Counts:
    """Let behaviour fade to the end of the run's local day, chunk by chunk until nobody is due any more."""
    config = Config.from_environment()
    rules, zone = config.scoring, config.company.zone
    source = name_source(config.find_file("scoring"))
    day = find_day(context, config.company)
    counts = {"leads": 0, "rows": 0, "points": 0}
    with open_database("decay") as connection:
        while True:
            one = decay_leads(connection, rules=rules, zone=zone, day=day, now=now(), source=source)
            done = asdict(one)
            counts = {name: value + done[name] for name, value in counts.items()}
            if not done["remaining"]:
                break
        note_success(context, connection, leaves=DECAY_LEAVES)
    log.info("%s: %s leads were due, %s changed, by %s points", day, *counts.values())
    return counts | {"day": day.isoformat()}


def audit(context: Context) -> Counts:
    """Compare every score in the MA with the ledger; put a few right, tell of many by an incident."""
    config = Config.from_environment()
    settings = config.delivery.audit
    started = now()
    client = MaClient(find_endpoint("ma"))
    try:
        with open_database("audit") as connection:
            done = reconcile_scores(
                connection,
                client,
                settings=settings,
                night=started.astimezone(config.company.zone).date(),
                audited_by=f"{context['dag_run'].dag_id} {context['dag_run'].run_id}",
                now=started,
            )
            note_success(context, connection, leaves=AUDIT_LEAVES)
    finally:
        client.transport.close()
    counts = {
        name: value for name, value in asdict(done).items() if name not in ("uncorrected", "unmatched_leads")
    }
    log.info(
        "%(leads)s leads, %(ma_leads)s in the MA (%(unmatched)s not ours): %(differing)s differ, "
        "%(corrected)s corrected, %(missing_in_ma)s missing in the MA, %(inconsistent)s inconsistent, "
        "%(under_way)s under way",
        counts,
    )
    if done.uncorrected:
        log.warning("not corrected: leads %s", ", ".join(map(str, done.uncorrected)))
    return counts
