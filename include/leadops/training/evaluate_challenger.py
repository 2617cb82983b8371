"""Evaluates the challenger of a day: target leakage first, then the split, then the champion."""

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np

from leadops.training.comparison import compare_models
from leadops.training.drift import find_rate_change, stability_index
from leadops.training.matrix import Matrix
from leadops.training.model import Model
from leadops.training.target_leakage import FeatureRefusal, find_too_good
from leadops.training.train_model import NothingLeftError, TimeSplit, split_by_time, train_model
from leadops.training.training_settings import TrainingSettings

#: What a challenger must beat without a champion.
CALIBRATION_RATE = "the rate of the calibration weeks"

#: A champion that uses a refused feature is not compared with; it stays in effect until a challenger is good.
UNFAIR_CHAMPION = {"first": "replaced", "no_better": "kept"}


@dataclass(frozen=True)
class ChallengerVerdict:
    """The outcome of a challenger, and all figures behind it."""

    outcome: str  # first, replaced, kept, no_better, too_little or refused
    reason: str
    challenger: Model | None = None
    findings: dict[str, Any] = field(default_factory=dict)

    @property
    def takes_over(self) -> bool:
        """Whether the challenger is in effect from now on."""
        return self.outcome in ("first", "replaced")


def evaluate_challenger(
    matrix: Matrix,
    *,
    late: list[FeatureRefusal],
    champion: Model | None,
    champion_matrix: Matrix,
    newest: datetime,
    settings: TrainingSettings,
) -> ChallengerVerdict:
    """Drop features with target leakage, train on older leads, and compare on the newest mature weeks.

    `champion_matrix` has the champion's features of the same rows. `newest` is the last moment (UTC) at which
    an MQL could be mature.
    """
    refused = late + find_too_good(matrix, settings=settings.target_leakage)
    if not refused:
        return _train(matrix, champion, champion_matrix, newest, settings)
    names = {each.feature for each in refused}
    words = f"{', '.join(sorted(names))} refused: target leakage"
    findings: dict[str, Any] = {"refused": [asdict(each) for each in refused]}
    honest = replace(
        matrix, columns={name: column for name, column in matrix.columns.items() if name not in names}
    )
    if not honest.columns:
        return ChallengerVerdict("refused", f"no feature is left to train on; {words}", findings=findings)
    # A champion that knows the outcome would win every comparison over past leads.
    is_fair = champion is None or names.isdisjoint(champion.features)
    verdict = _train(honest, champion if is_fair else None, champion_matrix, newest, settings)
    verdict = verdict if is_fair else keep_unfair_champion(verdict)
    reason = f"{verdict.reason}; {words}"
    return replace(verdict, reason=reason, findings=findings | verdict.findings)


def keep_unfair_champion(verdict: ChallengerVerdict) -> ChallengerVerdict:
    """Return `verdict`, reached without the champion, as one for a champion with target leakage."""
    return replace(verdict, outcome=UNFAIR_CHAMPION.get(verdict.outcome, verdict.outcome))


def _train(
    matrix: Matrix,
    champion: Model | None,
    champion_matrix: Matrix,
    newest: datetime,
    settings: TrainingSettings,
) -> ChallengerVerdict:
    parts = split_by_time(matrix, newest=newest, settings=settings)
    if isinstance(parts, str):
        return ChallengerVerdict("too_little", f"too few leads for a new model: {parts}")
    try:
        trained = train_model(matrix, parts, settings=settings)
    except NothingLeftError as error:
        dropped = {"dropped": [asdict(each) for each in error.dropped]}
        return ChallengerVerdict("no_better", "no feature is left to train on", findings=dropped)
    findings: dict[str, Any] = {
        "measures": trained.model.measures,
        "dropped": [asdict(each) for each in trained.dropped],
        "data": trained.model.data,
    }
    return compare_with_champion(matrix, parts, trained.model, champion, champion_matrix, findings, settings)


def compare_with_champion(
    matrix: Matrix,
    parts: TimeSplit,
    challenger: Model,
    champion: Model | None,
    champion_matrix: Matrix,
    findings: dict[str, Any],
    settings: TrainingSettings,
) -> ChallengerVerdict:
    """Compare on the test weeks: with the champion, or without one with the rate of the calibration weeks.

    `matrix` has the challenger's features, `champion_matrix` the champion's, of the same rows. `findings` are
    kept with the verdict. Drift is that of the test weeks against the leads that the champion, or without one
    the challenger, was trained on.
    """
    test = matrix.take(parts.test)
    if champion is None:
        # The challenger knows the rate of the calibration weeks; a baseline that did not would lose to it
        # wherever the rate moves.
        before, name = np.full(len(test), _find_rate(matrix.take(parts.calibration))), CALIBRATION_RATE
        drift, since = stability_index(test, challenger.reference), "the training weeks"
    else:
        rows = champion_matrix.take(parts.test)
        before, name = champion.predict(rows), "the champion"
        drift, since = stability_index(rows, champion.reference), "the champion was trained"
    compared = compare_models(before, challenger.predict(test), test.reached, settings=settings.comparison)
    drifted = sorted(feature for feature, index in drift.items() if index >= settings.drift)
    findings |= {"comparison": compared.figures(), "against": name, "drift": drift, "drifted": drifted}
    words = f"; drifted since {since}: {', '.join(drifted)}" if drifted else ""
    moved = find_rate_change(
        matrix.take(parts.training).reached, test.reached, confidence=settings.comparison.confidence
    )
    words += f"; {moved}" if moved else ""
    fault = compared.find_fault()
    if fault is None:
        outcome, result = "first" if champion is None else "replaced", f"better than {name} beyond noise"
    else:
        outcome, result = "no_better" if champion is None else "kept", f"not better than {name}: {fault}"
    return ChallengerVerdict(outcome, f"{result}: {compared.sentence()}{words}", challenger, findings)


def _find_rate(leads: Matrix) -> float:
    """Return the rate of the goal, held off 0 and 1 by one lead of each kind."""
    return (int(leads.reached.sum()) + 1) / (len(leads) + 2)
