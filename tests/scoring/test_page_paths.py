"""Paths of pages: worked values for each way in which a page is written, and an oracle that splits URLs."""

from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.scoring.conditions import quote as jsonpath_text
from leadops.scoring.page_paths import (
    PagePattern,
    can_share_page,
    fits_page,
    hint_regex,
    page_regex,
    read_pattern,
)
from tests.promises import promise_examples

LOCALES = ("ja", "en", "jp", "us", "zh")


def below(text: str) -> PagePattern:
    return read_pattern(text, is_exact=False)


def exactly(text: str) -> PagePattern:
    return read_pattern(text, is_exact=True)


def find_in_database(connection: Connection, pattern: PagePattern, page: str) -> bool:
    path = f'$ like_regex {jsonpath_text(page_regex(pattern, LOCALES))} flag "i"'
    row = connection.execute("select %s @@ %s::jsonpath", [Jsonb(page), path]).fetchone()
    assert row is not None
    assert row[0] is not None
    return bool(row[0])


#: page; whether `path: /pricing` fits it, and whether `path_is: /pricing` does
PAGES = [
    ("/pricing", True, True),
    ("/pricing/", True, True),
    ("/pricing//", True, True),
    ("//pricing", True, True),
    ("pricing", True, True),
    ("/pricing/team", True, False),
    ("/pricing/team/", True, False),
    ("/pricing-careers", False, False),
    ("/pricing_old", False, False),
    ("/pricing2", False, False),
    ("/pricing.pdf", False, False),
    ("/pricings", False, False),
    ("/prici", False, False),
    ("/careers/pricing", False, False),
    ("/", False, False),
    # queries and fragments
    ("/pricing?plan=team", True, True),
    ("/pricing/?a=/b/c", True, True),
    ("/pricing#faq", True, True),
    ("/pricing/team?x=1#y", True, False),
    ("/?next=/pricing", False, False),
    ("/blog#/pricing", False, False),
    # case and encoding
    ("/Pricing", True, True),
    ("/PRICING/TEAM", True, False),
    ("/pric%69ng", True, True),
    ("/%50RICING", True, True),
    ("/%2fpricing", False, False),
    ("/pricing%2Fteam", False, False),
    ("/pricing%2Dcareers", False, False),
    ("/pricing%3Fplan", False, False),
    # files and their parameters
    ("/pricing.html", True, True),
    ("/pricing.HTML?x", True, True),
    ("/pricing.php/", True, True),
    ("/pricing.html.bak", False, False),
    ("/pricing.html/team", False, False),
    ("/pricing/index.html", True, True),
    ("/pricing/default.aspx", True, True),
    ("/pricing/index", True, False),
    ("/pricing;jsessionid=A1", True, True),
    ("/pricing;a=1/team;b=2", True, False),
    # locales
    ("/ja/pricing", True, True),
    ("/JA/pricing/", True, True),
    ("/en-us/pricing", True, True),
    ("/en_US/pricing/team", True, False),
    ("/zh-hans-cn/pricing", True, True),
    ("/jp/ja/pricing", True, True),
    ("/jp/ja/en/pricing", False, False),
    ("/it/pricing", False, False),
    ("/jam/pricing", False, False),
    ("/pricing/ja", True, False),
    # URLs
    ("https://www.shop.example/pricing", True, True),
    ("https://www.shop.example/ja/Pricing/team?x#y", True, False),
    ("HTTP://shop.example:8080//pricing/", True, True),
    ("https://pricing", False, False),
    ("https://pricing/", False, False),
    ("https://www.pricing/x", False, False),
    ("https://shop.example?/pricing", False, False),
    ("https://shop.example/app/pricing", False, False),
    ("https://user:pw@shop.example/pricing", True, True),
    # what is no page
    ("", False, False),
    ("\n/pricing", False, False),
    ("/pricing\n", False, False),
    ("mailto:pricing", False, False),
]


@pytest.mark.parametrize(("page", "is_below", "is_it"), PAGES)
def test_pages_of_a_path(uncommitted: Connection, page: str, is_below: bool, is_it: bool) -> None:
    for pattern, expected in ((below("/pricing"), is_below), (exactly("/pricing"), is_it)):
        assert find_in_database(uncommitted, pattern, page) == expected
        assert fits_page(pattern, page, LOCALES) == expected, "the command line says what scoring does"


@pytest.mark.parametrize(
    ("page", "is_root"),
    [
        ("/", True),
        ("", True),
        ("//", True),
        ("/?utm_source=x", True),
        ("/#top", True),
        ("/index.html", True),
        ("/Index.PHP?x", True),
        ("/index", False),
        ("/ja", True),
        ("/ja/", True),
        ("/jp/ja", True),
        ("/jp/ja/index.html", True),
        ("/jap", False),
        ("/it", False),
        ("/pricing", False),
        ("https://shop.example", True),
        ("https://shop.example/", True),
        ("https://shop.example/?x", True),
        ("https://shop.example/ja/", True),
        ("https://shop.example/x", False),
    ],
)
def test_the_first_page(uncommitted: Connection, page: str, is_root: bool) -> None:
    assert find_in_database(uncommitted, exactly("/"), page) == is_root
    assert fits_page(exactly("/"), page, LOCALES) == is_root
    assert find_in_database(uncommitted, below("/"), page), "every page is below the first"


@pytest.mark.parametrize(
    ("text", "page", "fits"),
    [
        ("/products/enterprise", "/Products/Enterprise/sso", True),
        ("/products/enterprise", "/products/enterprises", False),
        ("/products/enterprise", "/products", False),
        ("/ja/pricing", "/ja/pricing", True),
        ("/ja/pricing", "/en/pricing", False),
        ("/ja/pricing", "/pricing", False),
        ("/料金", "/%E6%96%99%E9%87%91/", True),
        ("/料金", "/ja/料金?x", True),
        ("/%E6%96%99%E9%87%91", "/料金", True),
        ("/料金", "/料金表", False),
        ("/Über", "/%C3%BCber", True),
        ("/Über", "/%C3%9CBER", True),
        ("/Über", "/U%CC%88ber", True),
        ("/a.b", "/a.b", True),
        ("/a.b", "/axb", False),
        ("/c++", "/c%2B%2B", True),
        ("/c++", "/c", False),
        ("/(x)|y", "/(X)|y", True),
        ("/(x)|y", "/x", False),
        ("/pricing.html", "/pricing/", True),
        ("/pricing/index.html", "/pricing.php", True),
        ("/50%", "/50%25", True),
        ("/50%", "/50%", True),
    ],
)
def test_patterns(uncommitted: Connection, text: str, page: str, fits: bool) -> None:
    assert find_in_database(uncommitted, below(text), page) == fits
    assert fits_page(below(text), page, LOCALES) == fits


@pytest.mark.parametrize(
    "text", ["", "pricing", "https://shop.example/pricing", "/a b", "/a?b", "/a#b", "/a*", "/a;b"]
)
def test_what_is_not_a_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a path such as /pricing"):
        read_pattern(text, is_exact=False)


@pytest.mark.parametrize(
    ("one", "other", "can"),
    [
        ("/a", "/a", True),
        ("/a", "/a/b", True),
        ("/", "/a", True),
        ("/a/b", "/a/c", False),
        ("/a", "/ab", False),
        ("/ja/a", "/a", True),
        ("/jp/ja/a", "/en-us/a/b", True),
        ("/ja", "/a", True),
        ("/a/ja", "/a/b", False),
    ],
)
def test_which_patterns_a_page_may_fit_both(one: str, other: str, can: bool) -> None:
    for first, second in ((one, other), (other, one)):
        assert can_share_page(below(first), below(second), LOCALES) == can


@pytest.mark.parametrize(
    ("one", "other", "can"),
    [
        (exactly("/a"), exactly("/a"), True),
        (exactly("/a"), exactly("/ja/a"), True),
        (exactly("/a"), exactly("/a/b"), False),
        (exactly("/a/b"), below("/a"), True),
        (exactly("/a"), below("/a"), True),
        (exactly("/a"), below("/a/b"), False),
        (exactly("/"), below("/a"), False),
        (exactly("/"), below("/ja"), True),
        (exactly("/ja"), below("/"), True),
    ],
)
def test_a_page_alone_shares_only_itself(one: PagePattern, other: PagePattern, can: bool) -> None:
    assert can_share_page(one, other, LOCALES) == can_share_page(other, one, LOCALES) == can


def test_what_every_page_of_a_rule_has_in_it() -> None:
    assert hint_regex([below("/a/pricing/b"), exactly("/c++")]) == r"pricing|c\+\+|%"
    assert hint_regex([below("/料金/ab")]) == "ab|%"
    assert hint_regex([below("/a"), below("/料金")]) is None
    assert hint_regex([below("/a"), exactly("/")]) is None


SEGMENTS = st.sampled_from(["pricing", "a", "ab", "料金", "x-y", "ja", "en-us", "us"])


def split_page(page: str) -> list[str]:
    """Take a page apart as a person would: scheme and host, query, slashes, encoding, locales."""
    segments = [unquote(part).lower() for part in urlsplit(page).path.split("/") if part]
    for _ in range(2):
        if segments and segments[0].split("-")[0] in LOCALES:
            segments = segments[1:]
    return segments


@st.composite
def write_pages(draw: st.DrawFn) -> str:
    segments = draw(st.lists(SEGMENTS, max_size=4))
    written = [
        "".join(
            quote(each, safe="")
            if draw(st.booleans())
            else f"%{ord(each):02X}"
            if each.isascii()
            else quote(each)
            for each in segment
        )
        if segment not in ("ja", "en-us", "us") and draw(st.booleans())
        else draw(st.sampled_from([segment, segment.upper()]))
        for segment in segments
    ]
    host = draw(st.sampled_from(["", "https://pricing.example", "http://a"]))
    slash, end = (
        draw(st.sampled_from(["/", "//"])),
        draw(st.sampled_from(["", "/", "?a=/pricing", "#/a", "/?b"])),
    )
    return f"{host}/{slash.join(written)}{end}"


@settings(
    max_examples=promise_examples(300),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    page=write_pages(),
    pattern=st.lists(st.sampled_from(["pricing", "a", "ab", "料金", "x-y"]), max_size=3),
    is_exact=st.booleans(),
)
def test_the_database_finds_what_the_oracle_finds(
    uncommitted: Connection, page: str, pattern: list[str], is_exact: bool
) -> None:
    segments = split_page(page)
    expected = segments == pattern if is_exact else segments[: len(pattern)] == pattern
    read = read_pattern("/" + "/".join(pattern), is_exact=is_exact)
    assert find_in_database(uncommitted, read, page) == expected
    assert fits_page(read, page, LOCALES) == expected
