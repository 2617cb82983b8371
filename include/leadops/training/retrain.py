"""Trains the model of a day, and lets it take over when it is better."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from leadops.calendar.local_days import local_midnight
from leadops.company import Company
from leadops.db import Connection
from leadops.training.champion import Decision, find_champion, find_decision, record_decision
from leadops.training.decide import decide
from leadops.training.features import read_matrix
from leadops.training.leaks import Refusal, find_late
from leadops.training.matrix import Matrix
from leadops.training.model import Model, keep_model, load_model
from leadops.training.ripe import fill_ripe
from leadops.training.train import hash_settings
from leadops.training.training_settings import TrainingSettings


@dataclass(frozen=True)
class Retrained:
    """What became of a day's training."""

    day: date
    outcome: str  # first, replaced, kept, no_better, too_little or refused
    reason: str  # for a person
    model_id: int | None  # the model that was trained; None: none was, or nothing was kept (dry run)
    champion_id: int | None  # the model in effect after it
    leads: int  # ripe leads
    reached: int  # of them, those with the goal
    refused: list[Refusal]  # features that seem to have seen the future; the model does without them
    findings: dict[str, Any]  # all that is kept with the decision


def retrain(
    connection: Connection,
    *,
    day: date,
    settings: TrainingSettings,
    company: Company,
    now: datetime,
    dry_run: bool = False,
) -> Retrained:
    """Train on what was known by the end of `day` in the company's zone; the better model takes effect.

    One transaction. Repeatable: the same knowledge, settings and champion give the same decision, which is
    recorded once; a past day decided anew changes nothing for the days that have decided since. `now` (UTC)
    dates the decision. With `dry_run` nothing is kept. Refused features and too little data are no errors:
    training goes on without the former, and the incident feature_refused tells of them.
    """
    with connection.transaction(force_rollback=dry_run):
        connection.execute("lock table training.decisions in share row exclusive mode")
        until = local_midnight(day + timedelta(days=1), company.zone)
        champion_id = find_champion(connection, before=day)
        champion = None if champion_id is None else load_model(connection, champion_id)
        fill_ripe(connection, until=until, settings=settings)
        matrix = read_matrix(connection, features=settings.features, told_by=settings.told_by)
        late = find_late(connection, settings.features, settings=settings.leaks)
        inputs = _hash(matrix.digest(), hash_settings(settings), champion_id, late)
        done = find_decision(connection, day=day)
        if done is not None and done.inputs_hash == inputs:
            return _tell(done)
        verdict = decide(
            matrix,
            late=late,
            champion=champion,
            champion_matrix=_for_champion(connection, champion, matrix, settings),
            newest=until - timedelta(days=settings.horizon_days),
            settings=settings,
        )
        model_id = None
        if verdict.challenger is not None:
            model_id = keep_model(connection, verdict.challenger, day=day, now=now)
        record_decision(
            connection,
            day=day,
            outcome=verdict.outcome,
            reason=verdict.reason,
            model_id=model_id,
            champion_id=model_id if verdict.takes_over else champion_id,
            inputs_hash=inputs,
            findings={"leads": len(matrix), "reached": int(matrix.reached.sum())} | verdict.findings,
            now=now,
        )
        done = find_decision(connection, day=day)
    assert done is not None  # noqa: S101 - it was recorded just now
    return _tell(done)


def _for_champion(
    connection: Connection, champion: Model | None, matrix: Matrix, settings: TrainingSettings
) -> Matrix:
    """Return the champion's features of the same leads, read anew only where the settings have others."""
    if champion is None:
        return matrix
    known = all(settings.features.get(name) == feature for name, feature in champion.features.items())
    if known and champion.told_by == settings.told_by:
        return matrix
    return read_matrix(connection, features=champion.features, told_by=champion.told_by)


def _hash(*inputs: object) -> str:
    return hashlib.sha256(" ".join(map(str, inputs)).encode()).hexdigest()


def _tell(done: Decision) -> Retrained:
    return Retrained(
        day=done.day,
        outcome=done.outcome,
        reason=done.reason,
        model_id=done.model_id,
        champion_id=done.champion_id,
        leads=done.findings["leads"],
        reached=done.findings["reached"],
        refused=[Refusal(**each) for each in done.findings.get("refused", [])],
        findings=done.findings,
    )
