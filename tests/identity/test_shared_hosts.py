"""On which hosts the path names the company: each kind of entry of the list, and its neighbours."""

import pytest

from leadops.identity.shared_hosts import is_shared_host


@pytest.mark.parametrize(
    ("host", "path", "is_shared"),
    [
        # A host, with all below it and every path.
        ("linkedin.com", "", True),
        ("jp.linkedin.com", "/company/acme", True),
        ("a.b.linkedin.com", "/", True),
        ("notlinkedin.com", "/company/acme", False),
        ("linkedin.com.example", "", False),
        ("com", "", False),
        ("", "", False),
        # With a path: only what begins with it, in whole steps.
        ("google.com", "/maps", True),
        ("google.com", "/maps/place/acme", True),
        ("google.com", "/Maps/", True),
        ("www.google.com", "/search", True),
        ("google.com", "/mapsandmore", False),
        ("google.com", "/about/maps", False),
        ("google.com", "/", False),
        ("google.com", "", False),
        # With a slash alone: only what has a path.
        ("amazon.co.jp", "/shops/acme", True),
        ("www.amazon.co.jp", "/a", True),
        ("amazon.co.jp", "/", False),
        ("amazon.co.jp", "//", False),
        ("amazon.co.jp", "", False),
        # Below a host that is a company's own.
        ("blog.livedoor.jp", "/acme", True),
        ("sites.google.com", "/acme", True),
        ("mail.google.com", "/acme", False),
    ],
)
def test_a_shared_host(host: str, path: str, is_shared: bool) -> None:
    assert is_shared_host(host, path) is is_shared
