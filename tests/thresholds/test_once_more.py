"""A night of the threshold that runs again, in part or whole, adds nothing."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest

from leadops.thresholds.apply_threshold import ask_human, record_answer
from tests.whole_database import run_twice

from .conftest import DAY, Firm


def night(firm: Firm, day: date, answer: str | None) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what `retrain_thresholds` does about the threshold, in its order."""
    yield "evaluate_rollback", lambda: firm.evaluate_rollback(day)
    yield "propose", lambda: firm.propose(day)
    yield "ask", lambda: ask_human(firm.connection, day=day, now=firm.after(day), run_id="night")
    if answer is not None:
        yield "answer", lambda: record_answer(firm.connection, day=day, answer=answer)  # type: ignore[arg-type]
    yield "apply", lambda: firm.apply(day)


def grow(firm: Firm) -> None:
    """More leads than one salesperson has time for."""
    firm.history()
    firm.reps(1)
    firm.arrive(60, 65, 70, 80, 90, leads=60)


@pytest.mark.parametrize("answer", [None, "approved", "rejected"])
def test_a_night_with_a_large_step(firm: Firm, answer: str | None) -> None:
    grow(firm)
    run_twice(firm.connection, night(firm, DAY, answer))
    ((_, value, _, decided_by, plan, proposed, _),) = firm.rows()
    assert plan == "ask"
    assert (value, decided_by) == ((proposed, "approved") if answer == "approved" else (None, "kept"))
    run_twice(firm.connection, night(firm, DAY + timedelta(days=1), None))
    assert len(firm.rows()) == 2


def test_a_night_with_a_small_step(firm: Firm) -> None:
    grow(firm)
    firm.set(max_step=40, sla_minutes=[240])
    run_twice(firm.connection, night(firm, DAY, None))
    ((_, value, _, decided_by, plan, proposed, _),) = firm.rows()
    assert (plan, decided_by) == ("apply", "automatic")
    assert value == proposed is not None


def test_a_night_that_takes_changes_back(firm: Firm) -> None:
    """Two changes that are watched, three days apart; since the first nobody contacts a lead."""
    first = DAY - timedelta(days=15)
    firm.decide(70, first)
    firm.decide(72, first + timedelta(days=3))
    for number in range(1, 11):
        firm.mqls(60, leads=5, sqls=1, day=first - timedelta(days=number))
    for number in range(2, 14):
        firm.mqls(80, leads=5, day=first + timedelta(days=number), wait=None)
    run_twice(firm.connection, night(firm, DAY - timedelta(days=1), None))
    assert [row[3] for row in firm.rows()] == ["automatic", "automatic", "reverted"]
