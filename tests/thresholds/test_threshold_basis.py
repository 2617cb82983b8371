"""A night keeps what its choice rests on; a what-if of the day needs no lead for it."""

from datetime import timedelta

import numpy as np

from leadops.thresholds.threshold_basis import (
    find_present_basis,
    read_basis,
    read_present_basis,
)
from leadops.thresholds.what_if import compare_scenarios
from tests.thresholds.conftest import DAY, Firm


def test_before_the_first_night_there_is_none(firm: Firm) -> None:
    assert find_present_basis(firm.connection, context=firm.rules, now=firm.after()) is None


def test_what_a_night_kept_is_what_it_had_read(firm: Firm) -> None:
    firm.history()
    firm.reps(2)
    firm.arrive(60, 70, 90, leads=60)
    firm.propose()
    now = firm.after(hours=9)
    kept = find_present_basis(firm.connection, context=firm.rules, now=now)
    read = read_present_basis(firm.connection, context=firm.rules, now=now)
    assert kept is not None
    assert (kept.day, kept.basis.capacity, kept.basis.active) == (
        DAY,
        read.basis.capacity,
        read.basis.active,
    )
    for name, value in vars(read.basis.history).items():
        np.testing.assert_equal(vars(kept.basis.history)[name], value)
    settings = firm.rules.thresholds
    assert compare_scenarios(kept.basis, settings=settings) == compare_scenarios(
        read.basis, settings=settings
    )


def test_a_trial_keeps_nothing(firm: Firm) -> None:
    firm.propose(dry_run=True)
    assert find_present_basis(firm.connection, context=firm.rules, now=firm.after()) is None


def test_the_team_and_the_threshold_are_those_of_now(firm: Firm) -> None:
    firm.history()
    firm.reps(1)
    firm.arrive(60, 70, leads=60)
    firm.propose()
    firm.reps(3)
    firm.decide(65, DAY + timedelta(days=1), sla=60)
    present = find_present_basis(
        firm.connection, context=firm.rules, now=firm.after(DAY + timedelta(days=1), hours=9)
    )
    assert present is not None
    # The night of the decision has kept nothing: the leads are those of the night before.
    assert present.day == DAY
    assert present.basis.capacity.salespeople == 3
    assert (present.basis.active.threshold, present.basis.active.target) == (65, 60)


def test_what_came_into_force_this_night_is_today(firm: Firm) -> None:
    """The choice of a night rests on what was in force when its day was over; a what-if on what is now."""
    firm.history()
    firm.reps(1)
    firm.arrive(60, 70, leads=60)
    firm.decide(65, DAY)
    now = firm.after(hours=9)
    context = firm.rules
    assert read_basis(firm.connection, day=DAY, context=context, now=now).active.value is None
    present = read_present_basis(firm.connection, context=context, now=now)
    found = compare_scenarios(present.basis, settings=context.thresholds)
    assert isinstance(found, dict)
    assert found["today"].threshold == 65


def test_a_day_that_was_rolled_back_keeps_its_basis_too(firm: Firm) -> None:
    firm.history()
    firm.reps(1)
    firm.arrive(60, 70, leads=60)
    firm.decide(65, DAY)
    firm.propose()
    assert firm.rows()[0][3] == "automatic", "the night had decided already"
    present = find_present_basis(firm.connection, context=firm.rules, now=firm.after())
    assert present is not None
    assert present.day == DAY


def test_leads_are_a_week_of_the_window_that_they_were_counted_in(firm: Firm) -> None:
    firm.history()
    firm.reps(1)
    firm.arrive(60, 70, leads=56)  # in 28 days: 28 leads a week
    firm.propose()
    firm.set(window_days=7)
    present = find_present_basis(firm.connection, context=firm.rules, now=firm.after())
    assert present is not None
    found = compare_scenarios(present.basis, settings=present.context.thresholds)
    assert isinstance(found, dict)
    assert found["today"].leads == 28
