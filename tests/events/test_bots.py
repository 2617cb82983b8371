import pytest

from leadops.events.bots import is_bot
from leadops.events.event_settings import BotSettings
from tests.shipped import SHIPPED

BOTS = SHIPPED.events.bots

KHTML = "AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = (
    f"Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/AP2A.240605.024; wv) {KHTML} Version/4.0 Chrome/126.0.0.0"
)
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KHTML} Chrome/126.0.0.0 Safari/537.36"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
#: What people really browse with: desktops, phones, pages within apps, and names that look like crawlers'.
BROWSERS = (
    WINDOWS,
    f"{WINDOWS} Edg/126.0.0.0",
    f"{WINDOWS} OPR/111.0.0.0",
    f"{WINDOWS} Vivaldi/6.8.3381.44",
    f"{WINDOWS} YaBrowser/24.6.0.0",
    f"{WINDOWS} coc_coc_browser/126.0.136",
    f"{WINDOWS} Whale/3.26.244.21",
    f"{WINDOWS} QIHU 360EE",
    f"{WINDOWS} SE 2.X MetaSr 1.0",
    "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
    f"{MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
    f"{MAC} {KHTML} Chrome/126.0.0.0 Safari/537.36",
    f"Mozilla/5.0 (X11; Linux x86_64) {KHTML} Chrome/126.0.0.0 Safari/537.36",
    f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {KHTML} Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    f"{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1",
    f"{IPHONE} CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1",
    f"{IPHONE} FxiOS/127.0 Mobile/15E148 Safari/605.1.15",
    f"{IPHONE} EdgiOS/126.0.2592.56 Version/17.0 Mobile/15E148 Safari/604.1",
    f"{IPHONE} GSA/320.0.641776280 Mobile/15E148 Safari/604.1",
    f"{IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/467.0.0.37.106;FBBV/606043303;FBDV/iPhone15,2;FBLC/ja_JP]",
    f"{IPHONE} Mobile/15E148 Instagram 336.0.6.25.90 (iPhone15,2; iOS 17_5; ja_JP; scale=3.00)",
    f"{IPHONE} Mobile/15E148 Safari Line/14.9.0",
    f"{IPHONE} Mobile/15E148 MicroMessenger/8.0.49(0x1800312e) NetType/WIFI Language/ja",
    f"{IPHONE} Mobile/15E148 [LinkedInApp]/9.29.8962",
    f"{IPHONE} Version/17.5 Mobile/15E148 YJApp-IOS jp.co.yahoo.ipn.appli/4.125.0",
    f"{ANDROID} Mobile Safari/537.36",
    f"{ANDROID} Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/467.0.0.33.109;]",
    f"{ANDROID} Mobile Safari/537.36 Line/14.9.1/IAB",
    f"{ANDROID} Mobile Safari/537.36 musical_ly_2023506030 BytedanceWebview/d8a21c6",
    f"{ANDROID} Mobile Safari/537.36 Viber/27.4.0.0",
    f"{ANDROID} Mobile Safari/537.36 AWP/2.0 SogouMSE,SogouMobileBrowser/6.1.54",
    f"{ANDROID} Mobile Safari/537.36 SogouMSE,SogouMobileBrowser/5.6.2",
    f"{ANDROID} Mobile Safari/537.36 SGInfo/1080/1776/3.0 SogouSearch Android1.0 version3.0"
    f" AppVersion/7702 NoHead",
    f"{ANDROID} Mobile Safari/537.36 baiduboxapp/13.61 (Baidu; P1 14) A1008/1",
    f"Mozilla/5.0 (Linux; Android 14; SM-S921B) {KHTML} SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile"
    f" Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 11; KFTRWI) {KHTML} Silk/126.3.1 like Chrome/126.0.0.0 Safari/537.36",
    f"Mozilla/5.0 (Linux; U; Android 13; zh-CN; V2218A) {KHTML} UCBrowser/16.6.6 Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 15; CPH2557 Build/AP3A.240617.008; wv) {KHTML} Version/4.0"
    f" Chrome/142.0.7444.142"
    " Mobile Safari/537.36 Instagram 406.0.0.58.159 Android",
    f"Mozilla/5.0 (Linux; U; Android 4.3; en-US; ViewSonic A8+ Build/JLS36C) {KHTML} UCBrowser/11.0"
    f" Mobile Safari/534.30",
    f"Mozilla/5.0 (Linux; Android 5.1; O+ Sonic) {KHTML} Chrome/80.0.3987.162 Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 4.2.2; HTC Butterfly Build/JDQ39) {KHTML} Chrome/31.0.1650.59"
    f" Mobile Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 8.1.0; Fever_Plus_J) {KHTML} Chrome/95.0.4638.50 Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 8.0.0; Expanse) {KHTML} Chrome/86.0.4240.99 Mobile Safari/537.36",
)


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0 Safari/537.36",
        "facebookexternalhit/1.1",
        "python-requests/2.32",
        "StatusCake_Pagespeed_Indev",
        "Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)",
        "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2;"
        " +https://openai.com/gptbot)",
        "Mozilla/5.0 (compatible; Butterfly/1.0; +http://labs.topsy.com/butterfly/)"
        " Gecko/2009032608 Firefox/3.0.8",
        "Mozilla/5.0 (compatible; Sonic/1.0; http://www.yama.info.waseda.ac.jp/~crawler/info.html)",
        "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko)"
        " Chrome/126.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Viber",
        "WhatsApp/2.23.20.0",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
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
        *BROWSERS,
    ],
)
def test_people(agent: str) -> None:
    assert not is_bot(agent, BOTS)


def test_the_settings_decide_against_the_list() -> None:
    assert is_bot("okhttp/4.12.0", BotSettings(also=(), never=()))
    assert is_bot("OurProbe/1", BotSettings(also=("ourprobe",), never=()))
    assert not is_bot("Googlebot/2.1", BotSettings(also=(), never=("^googlebot",)))
