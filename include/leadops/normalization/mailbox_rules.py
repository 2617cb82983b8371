"""Which mailbox an address reaches: several spellings of one address, by the rules that providers publish."""

from collections.abc import Collection
from typing import NamedTuple


class MailProvider(NamedTuple):
    """How a provider reads the part before the @; docs/identity.md names the source of each rule."""

    domains: frozenset[str]
    takes_tags: bool  # name+tag reaches name
    ignores_dots: bool
    main_domain: str | None = None  # under which all its domains are one; None: each is its own


#: A rule is here only if the provider publishes it.
PROVIDERS = {
    "gmail": MailProvider(frozenset({"gmail.com", "googlemail.com"}), True, True, "gmail.com"),
    "outlook": MailProvider(frozenset({"outlook.com", "hotmail.com", "live.com"}), True, False),
    "icloud": MailProvider(frozenset({"icloud.com", "me.com", "mac.com"}), False, False, "icloud.com"),
    "fastmail": MailProvider(frozenset({"fastmail.com", "fastmail.fm"}), True, False),
    "proton": MailProvider(frozenset({"proton.me", "protonmail.com", "pm.me"}), True, False),
}
_BY_DOMAIN = {domain: provider for provider in PROVIDERS.values() for domain in provider.domains}
#: What holds at a domain of which it is known that name+tag reaches name.
_TAGS = MailProvider(frozenset(), True, False)


def list_domains(providers: Collection[str]) -> frozenset[str]:
    """Return the domains of `providers`, keys of PROVIDERS."""
    return frozenset().union(*(PROVIDERS[name].domains for name in providers))


def name_mailbox(email: str) -> str:
    """Return the mailbox that `email` (normalised) reaches, if its domain ignores what follows a plus.

    Domains of PROVIDERS follow the provider's rule; of another domain the caller has to know it.
    """
    name, _, domain = email.rpartition("@")
    rule = _BY_DOMAIN.get(domain, _TAGS)
    bare = name.partition("+")[0] if rule.takes_tags else name
    if rule.ignores_dots:
        bare = bare.replace(".", "")
    return f"{bare or name}@{rule.main_domain or domain}"
