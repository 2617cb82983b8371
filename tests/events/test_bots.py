import pytest

from leadops.events.bots import is_bot
from leadops.events.event_settings import BotSettings
from tests.shipped import SHIPPED

BOTS = SHIPPED.events.bots


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0 Safari/537.36",
        "facebookexternalhit/1.1",
        "python-requests/2.32",
        "StatusCake_Pagespeed_Indev",
    ],
)
def test_bots(agent: str) -> None:
    assert is_bot(agent, BOTS)


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
        "Mozilla/5.0 (Linux; Android 9; CUBOT_X18_Plus) AppleWebKit/537.36 Chrome/99.0 Mobile Safari/537.36",
        "okhttp/4.12.0",
    ],
)
def test_people(agent: str) -> None:
    assert not is_bot(agent, BOTS)


def test_the_settings_decide_against_the_list() -> None:
    assert is_bot("okhttp/4.12.0", BotSettings(also=(), never=()))
    assert is_bot("OurProbe/1", BotSettings(also=("ourprobe",), never=()))
    assert not is_bot("Googlebot/2.1", BotSettings(also=(), never=("^googlebot",)))
