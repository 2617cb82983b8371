"""Lets a model that was trained elsewhere compete, by its scores, with the model in effect."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from leadops.calendar.local_days import local_midnight
from leadops.company import Company
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.queries import Queries
from leadops.training.calibration import Calibration
from leadops.training.champion import (
    TrainingDecision,
    find_champion,
    find_decision,
    list_decisions,
    lock_decisions,
    record_decision,
)
from leadops.training.drift import describe_distribution
from leadops.training.encode import Encoding
from leadops.training.evaluate_challenger import (
    ChallengerVerdict,
    compare_with_champion,
    keep_unfair_champion,
)
from leadops.training.features import read_matrix
from leadops.training.matrix import Matrix
from leadops.training.measures import measure
from leadops.training.model import Model, insert_model, load_model
from leadops.training.observations import fill_mature_leads
from leadops.training.retrain import hash_inputs, read_champion_matrix
from leadops.training.score_file import ImportedScore
from leadops.training.target_leakage import find_late, find_too_good
from leadops.training.train_model import TimeSplit, describe_data, hash_settings, split_by_time
from leadops.training.training_settings import Feature, TrainingSettings

queries = Queries(__file__, topic="champion")

#: The one feature of an imported model: the log odds of its score.
FEATURE = "imported score"
#: Log odds are held within these; ml_score is held within 0.000001 and 0.999999.
LOW, HIGH = -14.0, 14.0


@dataclass(frozen=True)
class ScoreImport:
    """What became of imported scores."""

    decision: TrainingDecision
    scores: int  # rows of the file
    unknown: int  # of them, those that are neither a mature MQL of the day nor a lead

    @property
    def is_in_effect(self) -> bool:
        """Whether the imported model took effect."""
        return self.decision.outcome in ("first", "replaced")


def import_scores(
    connection: Connection,
    scores: list[ImportedScore],
    *,
    day: date,
    settings: TrainingSettings,
    company: Company,
    now: datetime,
) -> ScoreImport:
    """Compare `scores` with the champion on the test weeks of `day`; they take effect if they are better.

    The same checks as for a trained model: enough leads, the same test weeks, the whole interval of the gain
    above 0, a row of training.decisions. Scores that win become a model whose only feature is the score's log
    odds; scores that do not win are deleted. One transaction. The same scores for the same day again return
    the first decision. `now` (UTC) dates the decision. Raises PermanentError where a later day has been
    decided, or a lead of the test weeks has no score.
    """
    with connection.transaction():
        lock_decisions(connection)
        if (newest := list_decisions(connection, limit=1)) and newest[0].day > day:
            raise PermanentError(f"{newest[0].day} has been decided already; export and score that day")
        digest = hashlib.sha256(repr(scores).encode()).hexdigest()
        inputs = hash_inputs("imported", digest, hash_settings(settings))
        until = local_midnight(day + timedelta(days=1), company.zone)
        fill_mature_leads(connection, until=until, settings=settings)
        import_id, unknown = _insert_scores(connection, scores, day=day, digest=digest, at=until, now=now)
        done = find_decision(connection, day=day)
        if done is not None and done.inputs_hash == inputs:
            queries.run(connection, "delete_import", import_id=import_id)
            return ScoreImport(done, len(scores), unknown)
        matrix = read_matrix(connection, features=settings.features, profile_events=settings.profile_events)
        refused = find_late(connection, settings.features, settings=settings.target_leakage)
        refused += find_too_good(matrix, settings=settings.target_leakage)
        champion_id = find_champion(connection)
        champion = None if champion_id is None else load_model(connection, champion_id)
        champion_matrix = read_champion_matrix(connection, champion, matrix, settings)
        # A champion that knows the outcome would win every comparison over past leads.
        is_fair = champion is None or {each.feature for each in refused}.isdisjoint(champion.features)
        feature = Feature(imported=import_id)
        scored = read_matrix(connection, features={FEATURE: feature}, profile_events=[])
        split = split_by_time(scored, newest=until - timedelta(days=settings.horizon_days), settings=settings)
        if isinstance(split, str):
            verdict = ChallengerVerdict("too_little", f"too few leads for a new model: {split}")
        else:
            _check_test_weeks(scored, split, day)
            model = build_model(scored, split, feature, settings)
            verdict = compare_with_champion(
                scored,
                split,
                model,
                champion if is_fair else None,
                champion_matrix,
                {"measures": model.measures, "data": model.data},
                settings,
            )
        verdict = verdict if is_fair else keep_unfair_champion(verdict)
        model_id = None
        if verdict.takes_over and verdict.challenger is not None:
            model_id = insert_model(connection, verdict.challenger, day=day, now=now)
        else:
            queries.run(connection, "delete_import", import_id=import_id)
        findings = {"leads": len(scored), "reached": int(scored.reached.sum())}
        record_decision(
            connection,
            day=day,
            outcome=verdict.outcome,
            reason=f"imported scores: {verdict.reason}",
            model_id=model_id,
            champion_id=champion_id if model_id is None else model_id,
            inputs_hash=inputs,
            findings=findings | {"refused": [asdict(each) for each in refused]} | verdict.findings,
            now=now,
        )
        decision = find_decision(connection, day=day)
    assert decision is not None  # noqa: S101 - it was recorded just now
    return ScoreImport(decision, len(scores), unknown)


def _insert_scores(
    connection: Connection,
    scores: list[ImportedScore],
    *,
    day: date,
    digest: str,
    at: datetime,
    now: datetime,
) -> tuple[int, int]:
    """Insert the scores of `observations`, and those of leads at `at`; return import id and unknown rows."""
    import_id: int = queries.value(connection, "insert_import", day=day, hash=digest, now=now)
    queries.run(connection, "create_staged_scores")
    queries.run(connection, "clear_staged_scores")
    queries.copy(connection, "copy_staged_scores", scores)
    known = queries.run(connection, "insert_mature_scores", import_id=import_id)
    known += queries.run(connection, "insert_active_scores", import_id=import_id, at=at)
    return import_id, len(scores) - known


def _scores_of(matrix: Matrix) -> NDArray[np.float32]:
    numbers = matrix.columns[FEATURE].numbers
    assert numbers is not None  # noqa: S101 - scores are numbers
    return numbers


def _check_test_weeks(scored: Matrix, split: TimeSplit, day: date) -> None:
    """Raise PermanentError where a lead of the test weeks has no score."""
    test = scored.take(split.test)
    if missing := int(np.isnan(_scores_of(test)).sum()):
        since = datetime.fromtimestamp(test.at[0], UTC).date()
        raise PermanentError(
            f"{missing} of {len(test)} leads of the test weeks (MQL since {since}) have no ml_score; export"
            f" the features of {day} again and score every row"
        )


def build_model(scored: Matrix, split: TimeSplit, feature: Feature, settings: TrainingSettings) -> Model:
    """Return the model whose probability is the imported score, measured on the test weeks.

    The column is not scaled (deviation 1, coefficient 1), and the calibration changes nothing. A lead without
    a score gets the average log odds.
    """
    known = scored.take(~np.isnan(_scores_of(scored)))
    average = float(_scores_of(known).astype(np.float64).mean())
    model = Model(
        encodings=[Encoding(name=FEATURE, feature=feature, low=LOW, high=HIGH)],
        columns=[FEATURE],
        mean=[average],
        deviation=[1.0],
        coefficients=[1.0],
        intercept=average,
        calibration=Calibration(kind="sigmoid"),
        profile_events=[],
        goal=list(settings.goal),
        horizon_days=settings.horizon_days,
        reference=describe_distribution(known, [FEATURE]),
        data=describe_data(scored, split),
        settings_hash=hash_settings(settings),
        versions={},
    )
    test = scored.take(split.test)
    capacity = settings.weekly_capacity * settings.windows.test_weeks
    measures = measure(model.predict(test), test.reached, capacity=capacity)
    return model.model_copy(update={"measures": measures})
