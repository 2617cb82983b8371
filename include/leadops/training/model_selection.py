"""Selects the penalty, by newer leads, and the features, by the signs of their coefficients."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leadops.training.calibration import sigmoid
from leadops.training.encode import Encoding
from leadops.training.fit import fit_logistic
from leadops.training.measures import log_losses

#: The newest fifth of the leads evaluates the penalties.
EVALUATION_SHARE = 5


@dataclass(frozen=True)
class DroppedFeature:
    """A feature that was left out because its coefficient has the wrong sign."""

    feature: str
    reason: str


def choose_penalty(columns: NDArray[np.floating], reached: NDArray[np.int8], penalties: list[float]) -> float:
    """Return the C with the least log loss on the newest fifth, fitted on the rest; rows in order of time."""
    if len(penalties) == 1:
        return penalties[0]
    edge = len(reached) - len(reached) // EVALUATION_SHARE
    if len(np.unique(reached[:edge])) < 2:
        return min(penalties)
    losses = {}
    for penalty in sorted(penalties):
        regression = fit_logistic(columns[:edge], reached[:edge], penalty=penalty)
        logits = regression.decision_function(columns[edge:]).astype(np.float64)
        losses[penalty] = float(log_losses(sigmoid(logits), reached[edge:]).mean())
    return min(losses, key=lambda penalty: (losses[penalty], penalty))


def find_wrong_signs(
    encodings: list[Encoding], coefficients: NDArray[np.float64]
) -> list[tuple[int, DroppedFeature]]:
    """Return the features whose coefficient has the wrong sign, the strongest first."""
    wrong = []
    place = 0
    for number, encoding in enumerate(encodings):
        coefficient = float(coefficients[place])
        sign = {"positive": 1, "negative": -1, "any": 0}[encoding.feature.sign]
        if sign * coefficient < 0:
            reason = (
                f"its sign must be {encoding.feature.sign}, and came out as {coefficient:+.4f} a deviation;"
                " it was left out, and the model fitted again"
            )
            wrong.append((abs(coefficient), number, DroppedFeature(encoding.name, reason)))
        place += len(encoding.columns)
    return [(number, dropped) for _, number, dropped in sorted(wrong, key=lambda each: -each[0])]
