from leadops.economics.maturity import Maturity, measure_maturity
from tests.economics.conftest import settings


def test_by_hand_with_open_leads() -> None:
    # Ten leads. Day 10: 2 won, F = 2/10 = 0.2. Day 20: 4 still open drop out. Day 100: 2 of the 4 left are
    # won, S before was 8/10, so F = 0.2 + 0.8 · 2/4 = 0.6; 2 stay open at day 120.
    outcomes = [(10, "won", 2), (20, "open", 4), (100, "won", 2), (120, "open", 2)]
    # Half of 0.6 is 0.3, reached on day 100. Of the closed deals alone, half were won by day 10.
    assert measure_maturity(
        outcomes, settings=settings(maturity_min_won=1, maturity_share=0.5, maturity_days=1)
    ) == Maturity(100, "measured")
    # A third of 0.6 is 0.2, reached on day 10.
    assert (
        measure_maturity(
            outcomes, settings=settings(maturity_min_won=1, maturity_share=0.33, maturity_days=1)
        ).days
        == 10
    )


def test_lost_leads_can_not_be_won_any_more() -> None:
    # As above, but the four were lost: S = 0.8 · 4/8 = 0.4, F = 0.2 + 0.4 · 2/4 = 0.4: half by day 10.
    outcomes = [(10, "won", 2), (20, "lost", 4), (100, "won", 2), (120, "open", 2)]
    assert (
        measure_maturity(
            outcomes, settings=settings(maturity_min_won=1, maturity_share=0.5, maturity_days=1)
        ).days
        == 10
    )


def test_too_few_deals_and_too_quick_ones_leave_it_to_the_setting() -> None:
    outcomes = [(10, "won", 29), (20, "open", 400)]
    assert measure_maturity(outcomes, settings=settings()) == Maturity(90, "setting")
    assert measure_maturity([*outcomes, (11, "won", 1)], settings=settings()) == Maturity(90, "setting")
    assert measure_maturity([], settings=settings()) == Maturity(90, "setting")
