"""Finds target leakage: features that became known too late, or that alone rank leads too well."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from leadops.db import Connection
from leadops.queries import Queries
from leadops.training.matrix import MISSING, FeatureColumn, Matrix
from leadops.training.measures import auc, auc_error
from leadops.training.training_settings import Feature, LeakageSettings

queries = Queries(__file__, topic="observations")

#: A bin's rate is shrunk towards the overall rate by this many leads.
PRIOR = 10

#: Numbers are binned by fiftieths, so that one that is revealing at both ends is found too.
FIFTIETHS = np.linspace(0, 1, 51)[1:-1]


@dataclass(frozen=True)
class FeatureRefusal:
    """A feature that the model must not use, and why."""

    feature: str
    check: str  # late or auc
    reason: str


class AttributeTiming(NamedTuple):
    """How many leads have an attribute, and for how many it became known only after the MQL."""

    attribute: str
    leads: int
    late: int


def find_late(
    connection: Connection, features: dict[str, Feature], *, settings: LeakageSettings
) -> list[FeatureRefusal]:
    """Return the attributes that became known after the MQL for more leads than `late_share` allows.

    Looks at the leads in `observations`. An attribute without a time counts as known after the MQL.
    """
    names = {each.attribute: name for name, each in features.items() if each.attribute is not None}
    if not names:
        return []
    return [
        FeatureRefusal(
            feature=names[timing.attribute],
            check="late",
            reason=f"{timing.attribute} became known only after the MQL, or at an unknown time, for"
            f" {timing.late} of the {timing.leads} leads that have it; remove it from training.yaml, or"
            " import it with its true time",
        )
        for timing in queries.all(connection, "count_late", AttributeTiming, attributes=list(names))
        if timing.late > settings.late_share * timing.leads
    ]


def find_too_good(matrix: Matrix, *, settings: LeakageSettings) -> list[FeatureRefusal]:
    """Return the features that alone rank the leads better than is credible.

    Every second lead teaches the rate of each category, or of each fiftieth of a number, and the others are
    ranked by it, so that a category that every lead has to itself gains nothing. A feature is refused if the
    lower end of its AUC's interval (normal approximation, one-sided `settings.confidence`) is over
    `settings.auc`.
    """
    refusals = []
    teaches = np.arange(len(matrix)) % 2 == 0
    rest = matrix.reached[~teaches]
    good, bad = int(rest.sum()), int(len(rest) - rest.sum())
    if not good or not bad:
        return []
    far = NormalDist().inv_cdf(settings.confidence)
    for name, column in matrix.columns.items():
        area = auc(_rates(_bins(column), matrix.reached, teaches)[~teaches], rest)
        # As if half a pair more had been ranked by chance: a few leads in good order prove nothing.
        held = (area * good * bad + 0.5) / (good * bad + 1)
        sure = held - far * auc_error(held, good=good, bad=bad)
        if sure > settings.auc:
            refusals.append(
                FeatureRefusal(
                    feature=name,
                    check="auc",
                    reason=f"it alone ranks {len(rest)} leads with an AUC of {area:.3f}, which is not"
                    f" credible (confidently over {settings.auc}); find out when it is filled in, and remove"
                    " it from training.yaml",
                )
            )
    return refusals


def _bins(column: FeatureColumn) -> NDArray[np.intp]:
    """Return the bin of each row: its category, or its fiftieth of the numbers; missing is bin 0."""
    if column.codes is not None:
        return (column.codes - MISSING).astype(np.intp)
    assert column.numbers is not None  # noqa: S101 - a column has codes or numbers
    missing = np.isnan(column.numbers)
    edges = np.unique(np.quantile(column.numbers[~missing], FIFTIETHS)) if not missing.all() else np.empty(0)
    return np.where(missing, 0, 1 + np.searchsorted(edges, column.numbers, side="left"))


def _rates(
    bins: NDArray[np.intp], reached: NDArray[np.int8], teaches: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return for each row the rate that the rows that teach have in its bin."""
    size = int(bins.max()) + 1
    hits = np.bincount(bins[teaches], weights=reached[teaches], minlength=size)
    counts = np.bincount(bins[teaches], minlength=size)
    rates = (hits + PRIOR * float(reached[teaches].mean())) / (counts + PRIOR)
    return np.asarray(rates[bins])
