import pytest
from pydantic import ValidationError

from tests.attribution.conftest import settings_with


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"conversion__stage": None}, "either a stage or an event"),
        ({"conversion__event": "submit_form"}, "either a stage or an event"),
        ({"models__u_first": 0.7}, "together"),
        ({"models__u_first": 0, "models__u_last": 0}, "together"),
        ({"touches__channel_at": ["channel"]}, "match pattern"),
        ({"touches__channel_at": ["context.a"] * 4}, "at most 3"),
        ({"windows__campaigns": {"spring": 0}}, "greater than 0"),
        ({"names__most": 0}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        settings_with(**changes)


def test_the_hash_tells_settings_apart() -> None:
    assert settings_with().hash == settings_with().hash
    assert settings_with().hash != settings_with(models__half_life_days=8).hash


def test_the_longest_window_is_of_all() -> None:
    assert settings_with().windows.longest == 90
    assert settings_with(windows__campaigns={"fair": 200}).windows.longest == 200
    assert settings_with(windows__campaigns={"fair": 2}).windows.longest == 90
