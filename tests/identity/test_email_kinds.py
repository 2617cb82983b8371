import pytest

from leadops.identity.email_kinds import classify_email, is_role_address


@pytest.mark.parametrize(
    ("email", "kind"),
    [
        ("ann@acme.example", "own"),
        ("Info@acme.example", "role"),
        ("sales+web@acme.example", "role"),
        ("ann@gmail.com", "free"),
        ("info@gmail.com", "free"),
        ("x@mailinator.com", "disposable"),
        ("ann@docomo.ne.jp", "free"),
    ],
)
def test_an_email_is_classified(email: str, kind: str) -> None:
    assert classify_email(email, role_names=["info", "sales"], not_companies=["docomo.ne.jp"]) == kind


@pytest.mark.parametrize(
    ("email", "is_role"),
    [
        ("info@acme.example", True),
        (" Sales+web@gmail.com", True),
        ("information@acme.example", False),
        ("ann.info@acme.example", False),
        ("info", False),
    ],
)
def test_an_address_of_a_role_is_one_whoever_provides_it(email: str, is_role: bool) -> None:
    assert is_role_address(email, role_names=["info", "sales"]) is is_role
