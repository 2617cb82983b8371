"""Which sites' visitors may send (the Origin header, RFC 6454), and the CORS headers for their browsers."""

import re
from collections.abc import Sequence
from functools import cache

_ORIGIN = re.compile(r"https?://(\*\.)?[a-z0-9.-]+(:\d+)?|\*")


@cache
def compile_origin(origin: str) -> re.Pattern[str]:
    """Return the pattern of `origin`, where *. is one or more labels; raise ValueError if it is not one."""
    if not _ORIGIN.fullmatch(origin):
        raise ValueError("an origin is written https://www.example.com, without a path or a slash at the end")
    if origin == "*":
        return re.compile(r"https?://.+")
    return re.compile(re.escape(origin).replace(r"\*", r"[a-z0-9.-]+"))


def is_allowed(origin: str, allowed: Sequence[str]) -> bool:
    """Return whether `origin` is one of `allowed`."""
    return any(compile_origin(pattern).fullmatch(origin) for pattern in allowed)


def cors_headers(origin: str) -> dict[str, str]:
    """Return the headers that let a page of `origin` read the answer.

    Credentials are allowed because navigator.sendBeacon always sends in that mode; we have no cookies.
    """
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Expose-Headers": "Retry-After",
        "Vary": "Origin",
    }


#: The further headers of a preflight's answer: how a browser may send, and for how many seconds this holds.
PREFLIGHT_HEADERS = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Max-Age": "7200",
}
