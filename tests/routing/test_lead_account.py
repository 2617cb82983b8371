import pytest

from leadops.routing.pending import name_account


@pytest.mark.parametrize("company", ["株式会社X", "㈱X", "（株）X", "X\u3000", "x k.k.", "X Inc."])
def test_one_company_is_one_account_however_it_is_written(company: str) -> None:
    assert name_account(7, None, {"company": company}) == name_account(8, None, {"company": "X"})


@pytest.mark.parametrize(
    "traits", [{}, {"company": "N/A"}, {"company": "個人"}, {"company": " "}, {"company": "Inc."}]
)
def test_who_names_no_company_is_an_account_alone(traits: dict[str, str]) -> None:
    assert name_account(7, None, traits) == "lead:7"


def test_the_account_of_identity_comes_first() -> None:
    assert name_account(7, 3, {"company": "X"}) == "account:3"
