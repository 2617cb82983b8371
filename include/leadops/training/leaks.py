"""Finds features that have seen the future: by when they became known, and by how well one alone ranks."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from leadops.db import Connection, load_sql
from leadops.training.matrix import MISSING, Column, Matrix
from leadops.training.measures import auc, auc_error
from leadops.training.training_settings import Feature, Leaks

#: A bin's rate is drawn towards the rate of all as if it had so many leads more.
PRIOR = 10

#: Numbers are taken by fiftieths, so that one that is telling at both ends is found out too.
FIFTIETHS = np.linspace(0, 1, 51)[1:-1]


@dataclass(frozen=True)
class Refusal:
    """A feature that must not be learnt from, and why."""

    feature: str
    check: str  # late or auc
    reason: str


def find_late(connection: Connection, features: dict[str, Feature], *, settings: Leaks) -> list[Refusal]:
    """Return the attributes that became known after the moment for more leads than `late_share` allows.

    Looks at the leads in `moments`. One whose time is not known counts as known after it.
    """
    names = {each.attribute: name for name, each in features.items() if each.attribute is not None}
    if not names:
        return []
    rows = connection.execute(
        load_sql("leadops.training", "count_late"), {"attributes": list(names)}
    ).fetchall()
    return [
        Refusal(
            feature=names[attribute],
            check="late",
            reason=f"{attribute} became known only after the MQL, or nobody knows when, for {late} of the"
            f" {told} leads that have it; take it out of training.yaml, or import it with its true time",
        )
        for attribute, told, late in rows
        if late > settings.late_share * told
    ]


def find_too_good(matrix: Matrix, *, settings: Leaks) -> list[Refusal]:
    """Return the features of which one alone ranks the leads better than can be believed.

    Each second lead teaches the rate of a category, or of a fiftieth of a number, and the others are ranked
    by it, so that a category of every lead's own has no head start. The AUC must be over `settings.auc` with
    `settings.confidence`.
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
                Refusal(
                    feature=name,
                    check="auc",
                    reason=f"it alone ranks {len(rest)} leads with an AUC of {area:.3f}, which is beyond"
                    f" belief (surely over {settings.auc}); find out when it is filled in, and take it out of"
                    " training.yaml",
                )
            )
    return refusals


def _bins(column: Column) -> NDArray[np.intp]:
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
