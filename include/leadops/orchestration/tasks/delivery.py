"""The tasks that send: `push` of score_leads, and `deliver` of deliver_outbox."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import timedelta

from leadops.consent.pass_on import pass_on_consents
from leadops.delivery.database_mark import open_mark
from leadops.delivery.effect_pusher import EffectPusher
from leadops.delivery.push import push_target
from leadops.delivery.score_pusher import ScorePusher
from leadops.effect_guards import EFFECT_GUARDS
from leadops.erase_person import finish_erasures
from leadops.orchestration.airflow_run import read_config
from leadops.orchestration.counts import Counts, run_chunks
from leadops.orchestration.run import TaskRun
from leadops.orchestration.stage_beside import StageBeside
from leadops.settings import database_url, mark_folder

log = logging.getLogger(__name__)

#: The systems that operations go to.
TARGETS = ("ma", "crm")
#: A push ends in time for the next minute's; what it did not send stays on record.
PUSH_TIME, DELIVER_TIME = timedelta(seconds=50), timedelta(seconds=40)
#: The rest of the people whose consent is looked at is for the next run.
PASS_ON_TIME = timedelta(seconds=10)


def list_shards() -> list[int]:
    """Return the numbers of the tasks that push at once, for the DAG file: `shards` of delivery.yaml."""
    return list(range(read_config().delivery.shards))


def push(run: TaskRun, shard: int, beside: str = "") -> Counts:
    """Send new leads and score changes to the MA, each exactly once.

    `shards` of delivery.yaml says how many tasks do so at once; one that dies is replaced by the others. It
    works beside the task that makes the changes, and ends when that one has ended and nothing is left.
    """
    if not beside:
        return push_to(run, "ma", pusher_type=ScorePusher, shard=shard)
    with run.open_database() as connection:
        stage = StageBeside(connection, run, beside)
        return push_to(run, "ma", pusher_type=ScorePusher, shard=shard, may_grow=stage.may_make_more)


def deliver(run: TaskRun) -> Counts:
    """Send pending operations to the MA and the CRM, both at once: one that is down delays no other.

    Before that, opt-outs are put into the outbox for the systems that did not hear them. What settled calls
    say of people who were erased is forgotten then.
    """
    # Airflow gives out connections in the main thread only.
    with run.open_database() as connection:
        passed = run_chunks(
            lambda: pass_on_consents(connection, settings=run.config.consent, now=run.clock()),
            clock=run.clock,
            limit=PASS_ON_TIME,
        )
    endpoints = {target: run.find_endpoint(target) for target in TARGETS}
    run = replace(run, find_endpoint=endpoints.__getitem__)

    def send(target: str) -> Counts:
        return push_to(run, target, limit=DELIVER_TIME)

    with ThreadPoolExecutor(len(TARGETS)) as pool:
        counts: Counts = dict(zip(TARGETS, pool.map(send, TARGETS), strict=True))
    with run.open_database() as connection:
        finished = finish_erasures(connection, now=run.clock())
    counts |= {name: passed[name] for name in ("opt_outs", "opt_ins") if passed[name]}
    return counts | ({"erasures_finished": finished} if finished else {})


def push_to(
    run: TaskRun,
    target: str,
    *,
    limit: timedelta = PUSH_TIME,
    pusher_type: type[EffectPusher] = EffectPusher,
    shard: int = 0,
    may_grow: Callable[[], bool] = lambda: False,
) -> Counts:
    """Send the effects for `target`, or what `pusher_type` sends, until `limit` is over; return the counts.

    `shard` is this task's number among those that push at once; while `may_grow` says that more may come, it
    waits for more.
    A target that is down or asks for a pause is not a failure: the log says so, and all stays on record.
    """
    report = push_target(
        database_url=database_url(),
        endpoint=run.find_product(target),
        target=target,
        pusher_type=pusher_type,
        settings=run.config.delivery,
        clock=run.clock,
        sleep=run.sleep,
        until=run.clock() + limit,
        shard=shard,
        may_grow=may_grow,
        identity=run.config.identity,
        mark=open_mark(mark_folder()),
        guards=EFFECT_GUARDS,
    )
    if report.problem:
        log.warning(
            "%s: %s; %s calls are repeated later. `leadops check %s` says what to change",
            target,
            report.problem,
            report.failed,
            target,
        )
    return {name: value for name, value in asdict(report).items() if name != "problem"}
