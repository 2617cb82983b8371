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
    ],
)
def test_a_site_gives_its_registrable_domain_or_none(site: str, domain: str | None) -> None:
    assert find_company_domain(site) == domain


def test_more_domains_can_be_no_company() -> None:
    assert find_company_domain("docomo.ne.jp", not_companies=["docomo.ne.jp"]) is None
