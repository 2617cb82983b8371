"""Evaluates the challenger of a day: target leakage first, then the split, then the champion."""

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np

from leadops.training.comparison import compare_models
from leadops.training.drift import stability_index
from leadops.training.matrix import Matrix
from leadops.training.model import Model
from leadops.training.split import split_by_time
from leadops.training.target_leakage import FeatureRefusal, find_too_good
from leadops.training.train_model import NothingLeftError, TimeSplit, train_model
from leadops.training.training_settings import TrainingSettings

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
    """Compare on the test weeks: with the champion, or without one with the rate of all earlier leads.

    `matrix` has the challenger's features, `champion_matrix` the champion's, of the same rows. `findings` are
    kept with the verdict.
    """
    test = matrix.take(parts.test)
    new = challenger.predict(test)
    if champion is None:
        # Without a champion it must beat knowing nothing but the rate.
        before = matrix.reached[: parts.calibration.stop]
        rate = (int(before.sum()) + 1) / (len(before) + 2)
        compared = compare_models(np.full(len(test), rate), new, test.reached, settings=settings.comparison)
        findings |= {"comparison": compared.figures(), "against": "the rate of all"}
        if compared.is_better:
            return ChallengerVerdict(
                "first", f"better than the rate of all: {compared.sentence()}", challenger, findings
            )
        reason = f"not better than the rate of all beyond noise: {compared.sentence()}"
        return ChallengerVerdict("no_better", reason, challenger, findings)
    rows = champion_matrix.take(parts.test)
    compared = compare_models(champion.predict(rows), new, test.reached, settings=settings.comparison)
    drift = stability_index(rows, champion.reference)
    drifted = sorted(name for name, index in drift.items() if index >= settings.drift)
    findings |= {
        "comparison": compared.figures(),
        "against": "the champion",
        "drift": drift,
        "drifted": drifted,
    }
    words = f"; drifted since the champion was trained: {', '.join(drifted)}" if drifted else ""
    if compared.is_better:
        return ChallengerVerdict(
            "replaced", f"better beyond noise: {compared.sentence()}{words}", challenger, findings
        )
    return ChallengerVerdict(
        "kept", f"not better beyond noise: {compared.sentence()}{words}", challenger, findings
    )
