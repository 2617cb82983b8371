"""What kind of address an email is: a person's own, a free or disposable provider's, or a role's."""

from collections.abc import Collection
from typing import Literal

from leadops.normalization.mail_providers import is_disposable_domain, is_free_domain

EmailKind = Literal["own", "free", "disposable", "role"]


def classify_email(
    email: str, *, role_names: Collection[str], not_companies: Collection[str] = ()
) -> EmailKind:
    """Return the kind of `email`; the provider decides before the name does.

    `role_names` are the names of roles (info), `not_companies` further domains of free providers.
    """
    domain = email.strip().lower().rpartition("@")[2]
    if is_disposable_domain(domain):
        return "disposable"
    if is_free_domain(domain) or domain in not_companies:
        return "free"
    return "role" if is_role_address(email, role_names=role_names) else "own"


def is_role_address(email: str, *, role_names: Collection[str]) -> bool:
    """Return whether `email` belongs to a role (info@), whoever provides it; a +tag does not matter."""
    return email.strip().lower().rpartition("@")[0].split("+")[0] in role_names
