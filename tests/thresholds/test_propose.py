from .conftest import Firm


def test_enough_salespeople_for_everybody_change_nothing(firm: Firm) -> None:
    firm.history()
    firm.reps(10)
    firm.arrive(60, 65, 70, 80, 90, leads=20)
    found = firm.propose()
    assert found.choice.plan == "keep"
    assert "the best" in found.choice.reason


def test_too_few_salespeople_get_only_the_best_leads(firm: Firm) -> None:
    firm.history()
    firm.reps(1)
    firm.arrive(60, 65, 70, 80, 90, leads=200)
    found = firm.propose()
    assert found.choice.plan == "ask"
