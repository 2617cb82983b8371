"""A company's own domain, derived from what a form or an enrichment says about its website."""

import re
from collections.abc import Collection
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

from leadops.identity.shared_hosts import is_shared_host
from leadops.normalization.blank_values import is_blank
from leadops.normalization.clean_text import trim_text
from leadops.normalization.email_address import encode_host
from leadops.normalization.mail_providers import is_disposable_domain, is_free_domain

#: What separates two addresses in one cell, and what no host holds.
_SEPARATOR = re.compile(r"[\s,;|<>\"'(){}\\^`、]")
_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})", re.ASCII
)
#: What people put before a host.
_SCHEME = re.compile(r"^(?:https?:)?//|^https?:/(?!/)", re.IGNORECASE)


def find_company_domain(site: str, *, not_companies: Collection[str] = ()) -> str | None:
    """Return the registrable domain of `site` (an address or a host name), None if it belongs to no company.

    "https://www.Example.co.uk/about" gives example.co.uk. Providers of free and disposable mail, sites on
    which the path names the company (leadops.identity.shared_hosts) and `not_companies` are not companies. An
    email address, an IP address, a bare suffix, and a cell with two addresses or with other text name none.
    """
    found = _split_site(site)
    if found is None:
        return None
    host, path = found
    domain = _suffixes().privatesuffix(host)
    if domain is None or is_disposable_domain(domain) or is_free_domain(domain):
        return None
    if domain in not_companies or host in not_companies or is_shared_host(host, path):
        return None
    return domain


def _split_site(site: str) -> tuple[str, str] | None:
    """Return the host (ASCII, lower case) and the path of the one address in `site`, else None."""
    if _HOST.fullmatch(site):
        return site, ""  # a bare host, such as the domain of an email address
    text = trim_text(site)
    if is_blank(text) or _SEPARATOR.search(text):
        return None
    try:
        parts = urlsplit("//" + _SCHEME.sub("", text))
        host = encode_host(parts.hostname or "").rstrip(".")
        port = parts.port
    except ValueError:
        return None
    is_glued = parts.netloc.endswith(":") or port == 0  # two addresses without a blank between them
    if is_glued or "@" in parts.netloc or not _HOST.fullmatch(host) or _is_ip(host):
        return None
    return host, parts.path


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
