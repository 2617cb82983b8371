"""Decides after each day whether threshold and SLA target should change, and keeps the answer as a row."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from leadops.changes.weigh_change import count_new_mqls
from leadops.db import Connection
from leadops.locks import Lock, hold_lock
from leadops.queries import Queries
from leadops.thresholds.active_threshold import ActiveThreshold
from leadops.thresholds.choose_threshold import ThresholdChoice, choose_threshold
from leadops.thresholds.one_step import AskedPair, find_question
from leadops.thresholds.threshold_basis import ThresholdBasis, keep_basis, read_basis
from leadops.thresholds.threshold_context import ThresholdContext, end_of
from leadops.thresholds.threshold_settings import ThresholdSettings
from leadops.thresholds.watched_changes import describe_watch

queries = Queries(__file__, topic="apply_threshold")


@dataclass(frozen=True)
class ThresholdProposal:
    """The row of a day; `is_new` is false where the day was decided before and stays so."""

    day: date
    choice: ThresholdChoice
    hash: str
    is_new: bool = True


def propose_threshold(
    connection: Connection, *, day: date, context: ThresholdContext, now: datetime, dry_run: bool = False
) -> ThresholdProposal:
    """Decide what to do after the local `day` and keep it in lifecycle.thresholds; nothing changes yet.

    The same day gives the same answer again, whatever became known later. A decided day keeps its row. With
    `dry_run` nothing is written. Commits.
    """
    with connection.transaction():
        hold_lock(connection, Lock.THRESHOLDS)
        basis = read_basis(connection, day=day, context=context, now=now)
        settings = context.thresholds
        asked = queries.all(
            connection, "list_asked_pairs", AskedPair, day=day, version=basis.active.kpi_version
        )
        choice = choose_threshold(
            basis.history,
            basis.capacity,
            basis.active,
            settings=settings,
            seed=settings.seed + day.toordinal(),
            must_ask=_find_why_to_ask(connection, day=day, context=context),
            watched=describe_watch(
                connection,
                version=basis.active.kpi_version,
                at=end_of(day, context.company),
                context=context,
            ),
            asked=asked,
        )
        choice = _hold_many_mqls(connection, choice, basis.active, asked, context=context)
        digest = _hash(basis, choice, settings)
        is_new = not dry_run and _write(connection, day, basis.active, choice, digest, now=now)
        if not dry_run:
            keep_basis(connection, basis, day=day, context=context)
    return ThresholdProposal(day, choice, digest, is_new)


def _find_why_to_ask(connection: Connection, *, day: date, context: ThresholdContext) -> str | None:
    settings = context.thresholds
    if not settings.automatic:
        return "every change waits for a human (automatic: false)"
    since = day - timedelta(days=settings.rollback.rest_days)
    reverted_on: date | None = queries.value(connection, "find_last_rollback", since=since, day=day)
    if reverted_on:
        return f"a change was rolled back on {reverted_on}"
    since = day - timedelta(days=settings.mature_days)
    model_since: date | None = queries.value(connection, "find_last_model_change", since=since, day=day)
    # Until MQLs of the new model are mature, the labels stand at totals that the old one gave.
    return f"another model gives points since {model_since}" if model_since else None


def _hold_many_mqls(
    connection: Connection,
    choice: ThresholdChoice,
    active: ActiveThreshold,
    asked: Sequence[AskedPair],
    *,
    context: ThresholdContext,
) -> ThresholdChoice:
    """Return `choice`, which asks a human, once, where it would make more MQLs at once than a change may."""
    if choice.plan != "apply" or choice.then is None or choice.then.threshold >= active.threshold:
        return choice
    after = active.rule.model_copy(update={"total": int(choice.then.threshold)})
    number = count_new_mqls(connection, before=active.rule, after=after, grades=context.grades)
    if number <= context.limits.max_new_mqls:
        return choice
    reason = f"{number} leads would become MQL at once: {choice.reason}"
    known = find_question(asked, choice.then, settings=context.thresholds)
    if known:
        facts = choice.facts | {"asked_on": str(known.day)}
        return replace(choice, plan="keep", reason=f"a human was asked on {known.day}: {reason}", facts=facts)
    return replace(choice, plan="ask", reason=reason)


def _write(
    connection: Connection,
    day: date,
    active: ActiveThreshold,
    choice: ThresholdChoice,
    digest: str,
    *,
    now: datetime,
) -> bool:
    before = {"value": active.value, "sla_minutes": active.sla_minutes}
    # What a human was asked about can still be approved.
    is_open = choice.plan != "keep" or "asked_on" in choice.facts
    then = choice.then if is_open else None
    facts: dict[str, Any] = choice.facts | {
        "before": before,
        "now": choice.now.facts() if choice.now else None,
        "then": choice.then.facts() if choice.then else None,
        "gain": choice.gain,
        "interval": choice.interval,
    }
    value, sla_minutes = active.value, active.sla_minutes
    if then and then.threshold != active.threshold:
        value = int(then.threshold)
    if then and then.sla_minutes != active.target:
        sla_minutes = then.sla_minutes
    written = queries.run(
        connection,
        "write_proposal",
        day=day,
        kpi_version=active.kpi_version,
        value=active.value,
        sla_minutes=active.sla_minutes,
        now=now,
        reason=choice.reason,
        plan=choice.plan,
        proposed_value=value,
        proposed_sla_minutes=sla_minutes,
        facts=Jsonb(facts),
        hash=digest,
    )
    return written == 1


def _hash(basis: ThresholdBasis, choice: ThresholdChoice, settings: ThresholdSettings) -> str:
    """Return a hash of what was read and what was found."""
    history = {
        name: value.tolist() if hasattr(value, "tolist") else str(value)
        for name, value in vars(basis.history).items()
    }
    body: list[Any] = [
        history,
        asdict(basis.capacity),
        asdict(basis.active) | {"rule": basis.active.rule.model_dump()},
    ]
    body += [settings.model_dump(), choice.plan, choice.reason]
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]
