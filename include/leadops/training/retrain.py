"""Trains the model of a day, and puts it into effect if it is better."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from leadops.calendar.local_days import local_midnight
from leadops.company import Company
from leadops.db import Connection
from leadops.training.champion import (
    TrainingDecision,
    find_champion,
    find_decision,
    lock_decisions,
    record_decision,
)
from leadops.training.evaluate_challenger import evaluate_challenger
from leadops.training.features import read_matrix
from leadops.training.matrix import Matrix
from leadops.training.model import Model, insert_model, load_model
from leadops.training.observations import fill_mature_leads
from leadops.training.target_leakage import FeatureRefusal, find_late
from leadops.training.train_model import hash_settings
from leadops.training.training_settings import TrainingSettings


@dataclass(frozen=True)
class TrainingResult:
    """The outcome of a day's training."""

    day: date
    outcome: str  # first, replaced, kept, no_better, too_little or refused
    reason: str  # for a person
    model_id: int | None  # the model that was trained; None: none was, or nothing was kept (dry run)
    champion_id: int | None  # the model in effect after it
    leads: int  # mature leads
    reached: int  # of them, those with the goal
    refused: list[FeatureRefusal]  # features with target leakage; the model does without them
    findings: dict[str, Any]  # all that is kept with the decision


def retrain(
    connection: Connection,
    *,
    day: date,
    settings: TrainingSettings,
    company: Company,
    now: datetime,
    dry_run: bool = False,
) -> TrainingResult:
    """Train on what was known by the end of `day` in the company's zone; the better model takes effect.

    One transaction. Repeatable: the same knowledge, settings and champion give the same decision, which is
    recorded once. A past day that is decided again changes nothing once a later day has decided. `now` (UTC)
    dates the decision. With `dry_run` nothing is kept. Refused features and too few leads raise nothing:
    training continues without the features, and the incident feature_refused reports them.
    """
    with connection.transaction(force_rollback=dry_run):
        lock_decisions(connection)
        until = local_midnight(day + timedelta(days=1), company.zone)
        champion_id = find_champion(connection, before=day)
        champion = None if champion_id is None else load_model(connection, champion_id)
        fill_mature_leads(connection, until=until, settings=settings)
        matrix = read_matrix(connection, features=settings.features, profile_events=settings.profile_events)
        late = find_late(connection, settings.features, settings=settings.target_leakage)
        inputs = hash_inputs(matrix.digest(), hash_settings(settings), champion_id, late)
        done = find_decision(connection, day=day)
        if done is not None and done.inputs_hash == inputs:
            return _result(done)
        verdict = evaluate_challenger(
            matrix,
            late=late,
            champion=champion,
            champion_matrix=read_champion_matrix(connection, champion, matrix, settings),
            newest=until - timedelta(days=settings.horizon_days),
            settings=settings,
        )
        model_id = None
        if verdict.challenger is not None:
            model_id = insert_model(connection, verdict.challenger, day=day, now=now)
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
    return _result(done)


def read_champion_matrix(
    connection: Connection, champion: Model | None, matrix: Matrix, settings: TrainingSettings
) -> Matrix:
    """Return the champion's features of the same leads; read again only where the settings have others."""
    if champion is None:
        return matrix
    known = all(settings.features.get(name) == feature for name, feature in champion.features.items())
    if known and champion.profile_events == settings.profile_events:
        return matrix
    return read_matrix(connection, features=champion.features, profile_events=champion.profile_events)


def hash_inputs(*inputs: object) -> str:
    """Return the SHA-256 (hex) of what a decision depends on."""
    return hashlib.sha256(" ".join(map(str, inputs)).encode()).hexdigest()


def _result(decision: TrainingDecision) -> TrainingResult:
    return TrainingResult(
        day=decision.day,
        outcome=decision.outcome,
        reason=decision.reason,
        model_id=decision.model_id,
        champion_id=decision.champion_id,
        leads=decision.findings["leads"],
        reached=decision.findings["reached"],
        refused=[FeatureRefusal(**refusal) for refusal in decision.findings.get("refused", [])],
        findings=decision.findings,
    )
