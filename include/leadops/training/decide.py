"""Decides what becomes of a day's training: the order in which things can go wrong, and the contest."""

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np

from leadops.training.contest import compare
from leadops.training.drift import stability
from leadops.training.leaks import Refusal, find_too_good
from leadops.training.matrix import Matrix
from leadops.training.model import Model
from leadops.training.split import split_by_time
from leadops.training.train import NothingLeftError, Parts, train_model
from leadops.training.training_settings import TrainingSettings

#: A champion that has learnt from a refused feature is no judge; it stays in effect until a model is good.
AGAINST_AN_UNFAIR_ONE = {"first": "replaced", "no_better": "kept"}


@dataclass(frozen=True)
class Verdict:
    """What became of it, and everything that was found on the way."""

    outcome: str  # first, replaced, kept, no_better, too_little or refused
    reason: str
    challenger: Model | None = None
    findings: dict[str, Any] = field(default_factory=dict)

    @property
    def takes_over(self) -> bool:
        """Whether the challenger is in effect from now on."""
        return self.outcome in ("first", "replaced")


def decide(
    matrix: Matrix,
    *,
    late: list[Refusal],
    champion: Model | None,
    champion_matrix: Matrix,
    newest: datetime,
    settings: TrainingSettings,
) -> Verdict:
    """Leave out what has seen the future, train on older leads, and compare on the newest ripe weeks.

    `champion_matrix` has the champion's features of the same rows. `newest` is the last moment (UTC) at which
    an MQL could be ripe.
    """
    refused = late + find_too_good(matrix, settings=settings.leaks)
    if not refused:
        return _train(matrix, champion, champion_matrix, newest, settings)
    names = {each.feature for each in refused}
    words = f"{', '.join(sorted(names))} refused: seen the future"
    findings: dict[str, Any] = {"refused": [asdict(each) for each in refused]}
    honest = replace(
        matrix, columns={name: column for name, column in matrix.columns.items() if name not in names}
    )
    if not honest.columns:
        return Verdict("refused", f"no feature is left to learn from; {words}", findings=findings)
    # What a champion knew of the future would win every contest over past leads.
    is_fair = champion is None or names.isdisjoint(champion.features)
    verdict = _train(honest, champion if is_fair else None, champion_matrix, newest, settings)
    outcome = verdict.outcome if is_fair else AGAINST_AN_UNFAIR_ONE.get(verdict.outcome, verdict.outcome)
    reason = f"{verdict.reason}; {words}"
    return replace(verdict, outcome=outcome, reason=reason, findings=findings | verdict.findings)


def _train(
    matrix: Matrix,
    champion: Model | None,
    champion_matrix: Matrix,
    newest: datetime,
    settings: TrainingSettings,
) -> Verdict:
    parts = split_by_time(matrix, newest=newest, settings=settings)
    if isinstance(parts, str):
        return Verdict("too_little", f"too little is known for a new model: {parts}")
    try:
        trained = train_model(matrix, parts, settings=settings)
    except NothingLeftError as error:
        dropped = {"dropped": [asdict(each) for each in error.dropped]}
        return Verdict("no_better", "no feature is left to learn from", findings=dropped)
    findings: dict[str, Any] = {
        "measures": trained.model.measures,
        "dropped": [asdict(each) for each in trained.dropped],
        "data": trained.model.data,
    }
    return _compete(matrix, parts, trained.model, champion, champion_matrix, findings, settings)


def _compete(
    matrix: Matrix,
    parts: Parts,
    challenger: Model,
    champion: Model | None,
    champion_matrix: Matrix,
    findings: dict[str, Any],
    settings: TrainingSettings,
) -> Verdict:
    test = matrix.take(parts.test)
    new = challenger.predict(test)
    if champion is None:
        # Without a champion it must beat knowing nothing but the rate.
        before = matrix.reached[: parts.calibration.stop]
        rate = (int(before.sum()) + 1) / (len(before) + 2)
        compared = compare(np.full(len(test), rate), new, test.reached, settings=settings.contest)
        findings |= {"comparison": compared.figures(), "against": "the rate of all"}
        if compared.is_better:
            return Verdict(
                "first", f"better than the rate of all: {compared.sentence()}", challenger, findings
            )
        reason = f"not better than the rate of all beyond noise: {compared.sentence()}"
        return Verdict("no_better", reason, challenger, findings)
    rows = champion_matrix.take(parts.test)
    compared = compare(champion.predict(rows), new, test.reached, settings=settings.contest)
    drift = stability(rows, champion.reference)
    drifted = sorted(name for name, index in drift.items() if index >= settings.drift)
    findings |= {
        "comparison": compared.figures(),
        "against": "the champion",
        "drift": drift,
        "drifted": drifted,
    }
    words = f"; drifted since the champion was trained: {', '.join(drifted)}" if drifted else ""
    if compared.is_better:
        return Verdict("replaced", f"better beyond noise: {compared.sentence()}{words}", challenger, findings)
    return Verdict("kept", f"not better beyond noise: {compared.sentence()}{words}", challenger, findings)
