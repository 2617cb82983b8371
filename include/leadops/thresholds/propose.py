"""Works out after each day whether threshold and SLA target should change, and keeps the answer as a row."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from leadops.db import Connection, load_sql
from leadops.routing.team import read_team
from leadops.thresholds.capacity import Capacity, measure_capacity
from leadops.thresholds.choose import Choice, choose
from leadops.thresholds.in_force import InForce, read_in_force
from leadops.thresholds.past import Past, count_backlog, read_past
from leadops.thresholds.rules import Rules, end_of, is_last_day
from leadops.thresholds.threshold_settings import ThresholdSettings

#: Held to commit by whoever writes lifecycle.thresholds.
THRESHOLDS_LOCK = 7_302_022


@dataclass(frozen=True)
class Known:
    """What the choice of a day rests on."""

    past: Past
    capacity: Capacity
    in_force: InForce


@dataclass(frozen=True)
class Proposed:
    """The row of a day; `is_new` is false where the day was decided before and stays so."""

    day: date
    choice: Choice
    hash: str
    is_new: bool = True


def read_known(connection: Connection, *, day: date, rules: Rules, now: datetime) -> Known:
    """Read what was known when `day` was over.

    The CRM does not say who worked in the past: for a day before the last whole one the capacity is that of
    its row, where it has one.
    """
    until, settings = end_of(day, rules.company), rules.thresholds
    in_force = read_in_force(connection, contract=rules.kpi, policy=rules.sla, at=until)
    past = read_past(connection, until=until, rule=in_force.rule, settings=settings)
    row = connection.execute(
        "select facts -> 'capacity' from lifecycle.thresholds where day = %s", [day]
    ).fetchone()
    if row and row[0] and not is_last_day(day, now=now, company=rules.company):
        return Known(past, Capacity(**row[0]), in_force)
    capacity = measure_capacity(
        read_team(connection, rules=rules.routing, zone=rules.company.zone),
        first=day + timedelta(days=1),
        backlog=count_backlog(connection, until=until, settings=settings),
        settings=settings,
    )
    return Known(past, capacity, in_force)


def propose(
    connection: Connection, *, day: date, rules: Rules, now: datetime, dry_run: bool = False
) -> Proposed:
    """Work out what to do after the local `day`, and keep it in lifecycle.thresholds; changes nothing yet.

    The same day gives the same answer again, whatever became known later. A day that has been decided keeps
    its row. With `dry_run` nothing is written. Commits.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [THRESHOLDS_LOCK])
        known = read_known(connection, day=day, rules=rules, now=now)
        settings = rules.thresholds
        choice = choose(
            known.past,
            known.capacity,
            known.in_force,
            settings=settings,
            seed=settings.seed + day.toordinal(),
            must_ask=_find_why_to_ask(connection, day=day, rules=rules),
        )
        found = _hash(known, choice, settings)
        is_new = not dry_run and _write(connection, day, known.in_force, choice, found, now=now)
    return Proposed(day, choice, found, is_new)


def _find_why_to_ask(connection: Connection, *, day: date, rules: Rules) -> str | None:
    settings = rules.thresholds
    if not settings.automatic:
        return "every change waits for a human (automatic: false)"
    since = day - timedelta(days=settings.guard.rest_days)
    row = connection.execute(
        "select max(day) from lifecycle.thresholds where decided_by = 'reverted' and day > %s and day < %s",
        [since, day],
    ).fetchone()
    if row and row[0]:
        return f"a change was taken back on {row[0]}"
    since = day - timedelta(days=settings.ripe_days)
    row = connection.execute(
        "select max(day) from training.decisions"
        " where outcome in ('first', 'replaced') and day > %s and day <= %s",
        [since, day],
    ).fetchone()
    # Until MQLs of the new model are ripe, the labels stand at totals that the old one gave.
    return f"another model gives points since {row[0]}" if row and row[0] else None


def _write(
    connection: Connection, day: date, in_force: InForce, choice: Choice, found: str, *, now: datetime
) -> bool:
    before = {"value": in_force.value, "sla_minutes": in_force.sla_minutes}
    then = choice.then if choice.plan != "keep" else None
    facts: dict[str, Any] = choice.facts | {
        "before": before,
        "now": choice.now.facts() if choice.now else None,
        "then": choice.then.facts() if choice.then else None,
        "interval": choice.interval,
    }
    value, sla_minutes = in_force.value, in_force.sla_minutes
    if then and then.threshold != in_force.threshold:
        value = int(then.threshold)
    if then and then.sla_minutes != in_force.target:
        sla_minutes = then.sla_minutes
    row = {
        "day": day,
        "kpi_version": in_force.kpi_version,
        "value": in_force.value,
        "sla_minutes": in_force.sla_minutes,
        "now": now,
        "reason": choice.reason,
        "plan": choice.plan,
        "proposed_value": value,
        "proposed_sla_minutes": sla_minutes,
        "facts": Jsonb(facts),
        "hash": found,
    }
    return connection.execute(load_sql("leadops.thresholds", "write_proposal"), row).rowcount == 1


def _hash(known: Known, choice: Choice, settings: ThresholdSettings) -> str:
    """Return a hash of what was read and what was found."""
    past = {
        name: value.tolist() if hasattr(value, "tolist") else str(value)
        for name, value in vars(known.past).items()
    }
    body: list[Any] = [
        past,
        asdict(known.capacity),
        asdict(known.in_force) | {"rule": known.in_force.rule.model_dump()},
    ]
    body += [settings.model_dump(), choice.plan, choice.reason]
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]
