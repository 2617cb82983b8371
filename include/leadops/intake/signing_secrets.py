"""The secrets that sites sign forms and identities with: one of each, or two during a rotation."""

from collections.abc import Mapping
from typing import NamedTuple

from leadops.errors import ConfigError

SHORTEST, MOST = 16, 2


class SecretVariable(NamedTuple):
    """The environment variable of some secrets, and what they are for; `is_optional` where none will do."""

    name: str
    use: str
    is_optional: bool


FORMS = SecretVariable("LEADOPS_FORM_SECRETS", "senders of forms sign with it", is_optional=False)
#: Without one no browser can prove who its visitor is.
IDENTITIES = SecretVariable("LEADOPS_IDENTITY_SECRETS", "sites sign their visitors with it", is_optional=True)


def read_secrets(variable: SecretVariable, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the secrets in `variable`, separated by commas; none if it is optional and not set.

    Raises ConfigError unless there are one or two, different, of at least 16 characters each.
    """
    given = environment.get(variable.name, "").split(",")
    secrets = tuple(secret.strip() for secret in given if secret.strip())
    if not secrets and not variable.is_optional:
        raise ConfigError(f"{variable.name} is not set; {variable.use}: give a random one of 32 characters")
    if len(secrets) > MOST or len(set(secrets)) < len(secrets):
        raise ConfigError(f"{variable.name} holds one secret, or two different ones, separated by a comma")
    if any(len(secret) < SHORTEST for secret in secrets):
        raise ConfigError(
            f"a secret in {variable.name} is shorter than {SHORTEST} characters; give a random one"
        )
    return secrets
