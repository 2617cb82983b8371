"""Fits a logistic regression on standardised columns, and calibrates it on later leads."""

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from leadops.training.calibration import Calibration

MOST_ITERATIONS = 300


def fit_logistic(
    columns: NDArray[np.floating], reached: NDArray[np.int8], *, penalty: float
) -> LogisticRegression:
    """Fit scikit-learn's logistic regression with an L2 penalty; `penalty` is its C, smaller is stronger."""
    regression = LogisticRegression(C=penalty, max_iter=MOST_ITERATIONS, tol=1e-4)
    # One thread of linear algebra: the same numbers on every run, and no slower for columns this narrow.
    with warnings.catch_warnings(), threadpool_limits(limits=1, user_api="blas"):
        # A fit that has not quite converged is still compared with the champion like any other.
        warnings.simplefilter("ignore", ConvergenceWarning)
        regression.fit(columns, reached)
    return regression


def calibrate(logits: NDArray[np.float64], reached: NDArray[np.int8], *, kind: str) -> Calibration:
    """Learn from later leads which probability a logit means.

    sigmoid: p = 1 / (1 + exp(−(slope · logit + intercept))) (Platt 1999), slope not under 0. isotonic: the
    monotone step function of least squares, joined by straight lines (Zadrozny and Elkan 2002).
    """
    if kind == "isotonic":
        fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(logits, reached)
        return Calibration(
            kind="isotonic",
            logits=tuple(float(each) for each in fitted.X_thresholds_),
            probabilities=tuple(float(each) for each in fitted.y_thresholds_),
        )
    # Platt's targets, a little off 0 and 1, keep the slope finite where the logits part the leads completely.
    good = int(reached.sum())
    high, low = (good + 1) / (good + 2), 1 / (len(reached) - good + 2)
    targets = np.where(reached == 1, high, low)
    doubled = np.concatenate([logits, logits])[:, None]
    weights = np.concatenate([targets, 1 - targets])
    labels = np.concatenate([np.ones(len(logits)), np.zeros(len(logits))])
    fitted = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1000).fit(doubled, labels, sample_weight=weights)
    slope, intercept = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    if slope < 0:
        rate = float(targets.mean())
        slope, intercept = 0.0, float(np.log(rate / (1 - rate)))
    return Calibration(kind="sigmoid", slope=slope, intercept=intercept)
