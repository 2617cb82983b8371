"""Pauses and calls of one run, counted by hand."""

from leadops.notifications.call_budget import CallBudget


def test_it_pauses_between_calls_and_ends_at_its_number() -> None:
    pauses: list[float] = []
    budget = CallBudget(most=3, seconds_between=1.5, sleep=pauses.append)
    assert not budget.is_spent
    budget.pace()
    assert (budget.calls, pauses) == (1, [])
    budget.pace()
    assert (budget.calls, pauses, budget.is_spent) == (2, [1.5], False)
    budget.pace()
    assert (budget.calls, pauses, budget.is_spent) == (3, [1.5, 1.5], True)


def test_a_call_that_needs_no_pause_counts_and_the_next_one_pauses() -> None:
    pauses: list[float] = []
    budget = CallBudget(most=2, seconds_between=1, sleep=pauses.append)
    budget.count()
    assert (budget.calls, pauses, budget.is_spent) == (1, [], False)
    budget.pace()
    assert (pauses, budget.is_spent) == ([1], True)


def test_a_budget_of_nothing_is_spent_at_once() -> None:
    assert CallBudget(most=0, seconds_between=1, sleep=lambda _: None).is_spent
