import pytest

from leadops.normalization.country_names import find_country


@pytest.mark.parametrize(
    ("code", "names"),
    [
        (
            "JP",
            [
                "JP",
                "jp",
                "JP ",
                "JPN",
                "392",
                "Japan",
                "japan",
                "ＪＡＰＡＮ",
                "日本",
                "日本国",
                "Japon",
                "일본",
                "Japan (日本)",
                "日本/Japan",
                "Japan, JPN",
                "ja_JP",
                "ja-JP",
                "ja_JP.UTF-8",
                "JP-13",
            ],
        ),
        (
            "US",
            ["US", "USA", "U.S.", "U.S.A.", "United States", "United States of America", "アメリカ", "米国"],
        ),
        ("US", ["アメリカ合衆国", "Vereinigte Staaten", "美国"]),
        ("GB", ["GB", "UK", "GBR", "United Kingdom", "イギリス", "英国", "England"]),
        ("DE", ["DE", "Germany", "Deutschland", "DEUTSCHLAND", "Allemagne", "ドイツ"]),
        ("KR", ["KR", "South Korea", "Korea", "Republic of Korea", "韓国", "대한민국"]),
        ("TW", ["TW", "Taiwan", "台湾", "臺灣", "台灣"]),
        ("HK", ["HK", "Hong Kong", "香港"]),
        ("CZ", ["Czech Republic", "Czechia"]),
        ("TR", ["Turkey", "Türkiye", "Turkiye"]),
        ("CI", ["Côte d'Ivoire", "Côte d’Ivoire", "Cote d'Ivoire", "Ivory Coast"]),
        ("TW", ["zh-Hant-TW", "TW (台灣)"]),
        ("DE", ["de-DE", "DE-BY"]),
        ("BY", ["de-BY", "be_BY"]),
        ("US", ["US-CA"]),
        ("NO", ["NO", "Norway", "Norge"]),
        ("NA", ["NA", "Namibia"]),
        ("AT", ["Österreich", "Osterreich", "Austria"]),
    ],
)
def test_a_country_has_one_code(code: str, names: list[str]) -> None:
    found = {name: find_country(name) for name in names}
    assert set(found.values()) == {code}, found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "EU",
        "Georgia, USA",
        "Tokyo, Japan",
        "ja",
        "ja_jp_x",
        "de_XX",
        "Japan (Korea)",
        "()",
        "Europe",
        "Asia",
        "001",
        "Tokyo",
        "xx",
        "ZZ",
        "Mars",
        "不明",
        "カーナ",
    ],
)
def test_other_texts_are_not_countries(text: str) -> None:
    assert find_country(text) is None
