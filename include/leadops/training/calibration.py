"""Calibrates a logit to a probability, with NumPy alone."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from leadops.settings import Settings


class Calibration(Settings):
    """The probability of a logit; never falls as the logit rises."""

    kind: Literal["sigmoid", "isotonic"]
    slope: float = 1.0
    intercept: float = 0.0
    logits: tuple[float, ...] = ()  # of isotonic: where the steps are
    probabilities: tuple[float, ...] = ()

    def apply(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probabilities."""
        if self.kind == "isotonic":
            return np.interp(logits, self.logits, self.probabilities)
        return sigmoid(self.slope * logits + self.intercept)

    def steepness(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the derivative of the probability by the logit; 0 for isotonic, which has no single one."""
        if self.kind == "isotonic":
            return np.zeros_like(logits)
        probabilities = self.apply(logits)
        return self.slope * probabilities * (1 - probabilities)


def sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 / (1 + exp(−x)) without overflow."""
    shrunk = np.exp(-np.abs(values))
    return np.where(values >= 0, 1 / (1 + shrunk), shrunk / (1 + shrunk))
