"""What is known when a day is over: MQLs by score, and how many of them became SQL."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from leadops.db import Connection
from leadops.lifecycle.kpi_contract import MqlRule
from leadops.queries import Queries
from leadops.thresholds.threshold_settings import ThresholdSettings

queries = Queries(__file__)

Numbers = NDArray[np.float64]

#: With fewer known first contacts nothing is said of how the history was answered.
LEAST_CONTACTS = 30


class LabelCount(NamedTuple):
    """Mature MQLs of a score, and how many of them became SQL in time."""

    score: int
    leads: int
    sqls: int


class ArrivalCount(NamedTuple):
    """Leads of a score in the window."""

    score: int
    leads: int


class ResponseMeasure(NamedTuple):
    """The mean chance that waiting left, and of how many first contacts it is known."""

    responded: float | None
    contacts: int


@dataclass(frozen=True)
class ScoreHistory:
    """Rows by score. What became known at `until` or later is not in it."""

    until: datetime
    label_scores: Numbers
    labelled: Numbers  # mature MQLs of that score
    became_sql: Numbers  # those of them that became SQL in time
    arrival_scores: Numbers
    arrivals: Numbers  # leads of that score in the window
    responded: float | None  # mean chance that waiting left them; None: too few contacts are known

    @property
    def mature(self) -> int:
        """How many MQLs are mature."""
        return int(self.labelled.sum())

    @property
    def sqls(self) -> int:
        """How many of them became SQL."""
        return int(self.became_sql.sum())


def read_score_history(
    connection: Connection,
    *,
    until: datetime,
    rule: MqlRule,
    settings: ThresholdSettings,
) -> ScoreHistory:
    """Read what was known at `until`; `rule` has the total in force, or None.

    The window's leads are its MQLs at the score with which they became MQL and, where a total is in force,
    those that pass fit and behaviour but stay under it, as far below as the threshold may go. Backfill
    MQLs are left out: nobody had to answer them in time.
    """
    since, labels_since, mature_before = (
        until - timedelta(days=days)
        for days in (settings.window_days, settings.label_days, settings.mature_days)
    )
    labels = queries.all(
        connection,
        "count_labels",
        LabelCount,
        until=until,
        labels_since=labels_since,
        mature_before=mature_before,
        mature_days=settings.mature_days,
    )
    arrivals = queries.all(connection, "count_arrivals", ArrivalCount, since=since, until=until)
    if rule.total is not None:
        lowest = min([rule.total, *(label.score for label in labels)])
        arrivals += queries.all(
            connection,
            "count_near_misses",
            ArrivalCount,
            since=since,
            until=until,
            fit=rule.fit,
            behaviour=rule.behaviour,
            total=rule.total,
            least=lowest - settings.extrapolate_points,
        )
    response = queries.one(
        connection,
        "measure_responses",
        ResponseMeasure,
        until=until,
        labels_since=labels_since,
        mature_before=mature_before,
        floor=settings.response.floor,
        half_life=settings.response.half_life_minutes,
    )
    label_columns, arrival_columns = _columns(labels, 3), _columns(arrivals, 2)
    return ScoreHistory(
        until=until,
        label_scores=label_columns[0],
        labelled=label_columns[1],
        became_sql=label_columns[2],
        arrival_scores=arrival_columns[0],
        arrivals=arrival_columns[1],
        responded=response.responded if response.contacts >= LEAST_CONTACTS else None,
    )


def count_backlog(connection: Connection, *, until: datetime, settings: ThresholdSettings) -> int:
    """Return how many MQLs nobody has tried to contact by `until`."""
    since = until - timedelta(days=settings.backlog_days)
    return int(queries.value(connection, "count_backlog", since=since, until=until))


def _columns(rows: Sequence[tuple[int, ...]], width: int) -> Numbers:
    return np.array(rows, dtype=np.float64).reshape(-1, width).T
