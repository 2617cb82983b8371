from datetime import UTC, datetime

import numpy as np
import pytest

from benchmarks.promise import find_proposals
from leadops.thresholds.forecast import Forecaster
from leadops.thresholds.score_history import ScoreHistory
from leadops.thresholds.waiting import ServicePool, estimate_waiting
from tests.shipped import SHIPPED, change

SETTINGS = SHIPPED.thresholds
SCORES = np.arange(1.0, 101.0)
OPEN_MINUTES = 5400.0


def forecaster(confidence: float) -> Forecaster:
    """One lead of each score from 1 to 100 in four weeks, all alike; one person, 100 minutes for each."""
    settings = change(SETTINGS, service_confidence=confidence)
    ones = np.ones(100)
    history = ScoreHistory(datetime(2026, 6, 30, tzinfo=UTC), SCORES, ones, ones, SCORES, ones, 1.0)
    return Forecaster(history, np.full(100, 0.1), ServicePool(1, 1 / 100), OPEN_MINUTES, settings)


def in_time(leads: float, target: float) -> float:
    """The share of `leads` in 28 days, of which 14 have 5400 minutes of work."""
    waiting = estimate_waiting(
        leads / 2 / OPEN_MINUTES,
        ServicePool(1, 1 / 100),
        target=target,
        response=SETTINGS.response,
        overdue_minutes=SETTINGS.overdue_minutes,
    )
    return 1 - float(waiting.overdue)


@pytest.mark.parametrize(("confidence", "deviations"), [(0.5, 0.0), (0.8, 0.841621), (0.95, 1.644854)])
def test_a_promise_holds_for_the_upper_bound_of_the_leads(confidence: float, deviations: float) -> None:
    """More leads are worth more SQLs here, so the best threshold lets in as many as the promise allows."""
    best = forecaster(confidence).search(240, least=0)
    assert best is not None
    assert best.leads == 101 - best.score
    assert in_time(best.leads + deviations * best.leads**0.5, 240) >= 0.8
    assert in_time(best.leads + 1 + deviations * (best.leads + 1) ** 0.5, 240) < 0.8


def test_where_nothing_can_be_promised_the_best_without_a_promise_is_left() -> None:
    """A target of a minute: even one lead in four weeks is at times in the way of the next."""
    strict = forecaster(0.8)
    strict = Forecaster(
        strict.history,
        strict.chances,
        ServicePool(1, 1 / 90_000),
        OPEN_MINUTES,
        change(SETTINGS, service_level=0.99),
    )
    assert strict.search(1, least=0) is None
    assert strict.search(1, least=0, keep_promise=False) is not None


def test_proposals_keep_what_they_promise() -> None:
    """Of the whole study, `python -m benchmarks promise`, which has 40 companies and longer-lived desks.

    A proposal knows only the leads of four weeks; the desk gets the true number. So a single promise may be
    off by the noise of that number, and all together may not.
    """
    proposals = find_proposals(12, leads=8_000)
    excess = np.array([proposal.promised - proposal.reached for proposal in proposals])
    assert abs(excess.mean()) < 0.02
    assert excess.max() < 0.06
    assert min(proposal.reached for proposal in proposals) > 0.75
