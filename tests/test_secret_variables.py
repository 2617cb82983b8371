import pytest

from leadops.errors import ConfigError
from leadops.secret_variables import FORMS, IDENTITIES, read_secrets

FIRST, SECOND = "a" * 16, "b" * 32


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        (FIRST, (FIRST,)),
        (f"{FIRST},{SECOND}", (FIRST, SECOND)),
        (f" {SECOND} , {FIRST} ,", (SECOND, FIRST)),
    ],
)
def test_one_or_two_secrets(text: str, secrets: tuple[str, ...]) -> None:
    for variable in (FORMS, IDENTITIES):
        assert read_secrets(variable, {variable.name: text}) == secrets


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "is not set"),
        (" , ", "is not set"),
        (f"{FIRST},{SECOND},{'c' * 16}", "two different ones"),
        (f"{FIRST},{FIRST}", "two different ones"),
        ("a" * 15, "shorter than 16"),
        (f"{FIRST},short", "shorter than 16"),
    ],
)
def test_other_numbers_and_short_ones_are_refused_without_being_quoted(text: str, advice: str) -> None:
    with pytest.raises(ConfigError, match=advice) as caught:
        read_secrets(FORMS, {FORMS.name: text})
    assert "aaaa" not in str(caught.value)


def test_a_site_need_not_sign_its_visitors() -> None:
    assert read_secrets(IDENTITIES, {}) == ()
    with pytest.raises(ConfigError, match="LEADOPS_FORM_SECRETS is not set"):
        read_secrets(FORMS, {IDENTITIES.name: FIRST})
