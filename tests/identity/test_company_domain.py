import pytest

from leadops.identity.company_domain import find_company_domain


@pytest.mark.parametrize(
    ("site", "domain"),
    [
        ("https://www.Example.co.uk/about?x=1", "example.co.uk"),
        ("shop.acme.example:8443", "acme.example"),
        ("user:pass@acme.example", None),
        ("acme.example.", "acme.example"),
        ("株式会社.jp", "xn--6oqv20b1zgzxr.jp"),
        ("acme.myshopify.com", "acme.myshopify.com"),
        ("co.jp", None),
        ("localhost", None),
        ("192.0.2.7", None),
        ("http://[2001:db8::1]/", None),
        ("http://[bad", None),
        ("gmail.com", None),
        ("mail.yahoo.co.jp", None),
        ("mailinator.com", None),
        ("info@acme.example", None),
        ("a" * 70 + ".example", None),
        ("we have none", None),
        ("", None),
        ("N/A", None),
        ("不明", None),
        # Typed with an input method, copied with what nobody sees
        ("ｈｔｔｐｓ：／／ａｃｍｅ．ｅｘａｍｐｌｅ", "acme.example"),
        ("https:/acme.example", "acme.example"),
        ("acme.example\u200b", "acme.example"),
        ("acme.example/@team", "acme.example"),
        ("https://acme.example/?from=https://b.example", "acme.example"),
        # Two addresses in one cell, or an address and more
        ("https://a.co.jp https://b.co.jp", None),
        ("https://a.co.jphttps://b.co.jp", None),
        ("a.co.jp\u3000b.co.jp", None),
        ("a.co.jp, b.co.jp", None),
        ("a.co.jp;b.co.jp", None),
        ("a.co.jp、b.co.jp", None),
        ("a.co.jp\nb.co.jp", None),
        ("acme.example（本社）", None),
        # Not a web address
        ("mailto:info@acme.example", None),
        ("ftp://acme.example", None),
        ("acme..example", None),
        ("-acme.example", None),
        ("acme_x.example", None),
    ],
)
def test_a_site_gives_its_registrable_domain_or_none(site: str, domain: str | None) -> None:
    assert find_company_domain(site) == domain


@pytest.mark.parametrize(
    "site",
    [
        *("https://sites.google.com/view/x", "https://www.google.com/maps/place/X", "https://g.page/x"),
        *("https://www.linkedin.com/company/x", "jp.linkedin.com/in/x", "linkedin.com", "lnkd.in/x"),
        *("https://www.instagram.com/x/", "facebook.com/x", "https://x.com/x", "https://note.com/x"),
        *(
            "https://peraichi.com/landing_pages/view/x",
            "x.peraichi.com",
            "https://x.wixsite.com/x",
            "https://bit.ly/x",
        ),
        *("https://forms.gle/x", "https://t.co/x", "https://lin.ee/x", "https://www.rakuten.co.jp/x/"),
        *("https://www.amazon.com/stores/X", "https://ameblo.jp/x/", "https://linktr.ee/x", "github.com/x"),
    ],
)
def test_a_site_on_which_the_path_names_the_company_gives_none(site: str) -> None:
    assert find_company_domain(site) is None


@pytest.mark.parametrize(
    ("site", "domain"),
    [
        ("https://www.google.com/about", "google.com"),
        ("google.com", "google.com"),
        ("notlinkedin.com", "notlinkedin.com"),
        ("linkedin.com.example", "com.example"),
        ("https://acme.example/linkedin.com", "acme.example"),
    ],
)
def test_the_sites_beside_them_are_companies(site: str, domain: str) -> None:
    assert find_company_domain(site) == domain


def test_more_domains_can_be_no_company() -> None:
    assert find_company_domain("docomo.ne.jp", not_companies=["docomo.ne.jp"]) is None
