"""What is known of the past when a day is over: MQLs with their scores, and which became SQL."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadops.db import Connection, load_sql
from leadops.lifecycle.kpi_contract import MqlRule
from leadops.thresholds.threshold_settings import ThresholdSettings

Numbers = NDArray[np.float64]

#: With fewer known first contacts nothing is said of how the past was answered.
LEAST_CONTACTS = 30


@dataclass(frozen=True)
class Past:
    """Rows by score. What became known at `until` or later is not in it."""

    until: datetime
    label_scores: Numbers
    labelled: Numbers  # ripe MQLs of that score
    became_sql: Numbers  # those of them that became SQL in time
    arrival_scores: Numbers
    arrivals: Numbers  # leads of that score in the window
    responded: float | None  # mean chance that waiting left them; None: too few contacts are known

    @property
    def ripe(self) -> int:
        """How many MQLs are ripe."""
        return int(self.labelled.sum())

    @property
    def sqls(self) -> int:
        """How many of them became SQL."""
        return int(self.became_sql.sum())


def read_past(
    connection: Connection,
    *,
    until: datetime,
    rule: MqlRule,
    settings: ThresholdSettings,
) -> Past:
    """Read what was known at `until`; `rule` has the total in force, or None.

    The window's leads are its MQLs at the score with which they became MQL and, where a total is in force,
    those that pass fit and behaviour but stay under it, as far below as the threshold may go. Quiet MQLs are
    left out: nobody was to answer them in time.
    """
    values: dict[str, Any] = {
        "until": until,
        "since": until - timedelta(days=settings.window_days),
        "labels_since": until - timedelta(days=settings.label_days),
        "ripe_before": until - timedelta(days=settings.ripe_days),
        "ripe_days": settings.ripe_days,
        "floor": settings.response.floor,
        "half_life": settings.response.half_life_minutes,
        "fit": rule.fit,
        "behaviour": rule.behaviour,
        "total": rule.total,
    }
    labels = _read(connection, "count_labels", values, 3)
    arrivals = _read(connection, "count_arrivals", values, 2)
    if rule.total is not None:
        least = min(labels[0].min(), rule.total) if labels.size else rule.total
        values["least"] = int(least) - settings.extrapolate_points
        near = _read(connection, "count_near_misses", values, 2)
        arrivals = np.concatenate([arrivals, near], axis=1)
    answered = connection.execute(load_sql("leadops.thresholds", "measure_responses"), values).fetchone()
    responded, contacts = answered or (None, 0)
    return Past(
        until=until,
        label_scores=labels[0],
        labelled=labels[1],
        became_sql=labels[2],
        arrival_scores=arrivals[0],
        arrivals=arrivals[1],
        responded=responded if contacts >= LEAST_CONTACTS else None,
    )


def count_backlog(connection: Connection, *, until: datetime, settings: ThresholdSettings) -> int:
    """Return how many MQLs nobody has tried to contact by `until`."""
    values = {"until": until, "since": until - timedelta(days=settings.backlog_days)}
    row = connection.execute(load_sql("leadops.thresholds", "count_backlog"), values).fetchone()
    return int(row[0]) if row else 0


def _read(connection: Connection, statement: str, values: dict[str, Any], width: int) -> Numbers:
    rows = connection.execute(load_sql("leadops.thresholds", statement), values).fetchall()
    return np.array(rows, dtype=np.float64).reshape(-1, width).T
