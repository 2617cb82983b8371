"""Tells the simulated systems of `make up` from real ones: invented leads must never reach a real system."""

import ipaddress
from urllib.parse import urlsplit

import requests

#: What the sandbox's own page holds; no real system has such a page.
PAGE, PARTS = "/_state", {"ma", "crm", "slack", "calls", "faults"}
#: Seconds for each of connecting and waiting for the answer.
TIMEOUT = 5.0


def is_sandbox(base_url: str) -> bool:
    """Return whether the simulated MA, CRM and Slack answer at the origin of `base_url`.

    A system that does not answer is not the sandbox. The call carries no token and follows no redirect.
    """
    parts = urlsplit(base_url)
    try:
        answer = requests.get(
            f"{parts.scheme}://{parts.netloc}{PAGE}", timeout=TIMEOUT, allow_redirects=False
        )
        body = answer.json() if answer.status_code == requests.codes.ok else None
    except (requests.RequestException, ValueError):
        return False
    return isinstance(body, dict) and body.keys() >= PARTS


def is_this_machine(base_url: str) -> bool:
    """Return whether `base_url` names this machine."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
