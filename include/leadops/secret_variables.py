"""The secrets of others in the environment: one of each, or two while one replaces the other."""

from collections.abc import Mapping
from typing import NamedTuple

from leadops.errors import ConfigError

SHORTEST, MOST = 16, 2


class SecretVariable(NamedTuple):
    """The environment variable of some secrets, and what they are for; `is_optional` where none will do."""

    name: str
    use: str
    is_optional: bool = False


WRITE_KEY = SecretVariable("LEADOPS_WRITE_KEY", "servers send events with it")
#: The write key that libraries in apps and pages may have, where everybody can read it.
PUBLIC_WRITE_KEY = SecretVariable(
    "LEADOPS_PUBLIC_WRITE_KEY", "libraries in apps and pages send events with it", is_optional=True
)
METRICS_TOKEN = SecretVariable("LEADOPS_METRICS_TOKEN", "GET /metrics/lag asks for it")
FORMS = SecretVariable("LEADOPS_FORM_SECRETS", "senders of forms sign with it")
#: Without one no browser can prove who its visitor is.
IDENTITIES = SecretVariable("LEADOPS_IDENTITY_SECRETS", "sites sign their visitors with it", is_optional=True)


def split_secrets(text: str) -> tuple[str, ...]:
    """Return the secrets in `text`, which separates them by commas; the first is the new one."""
    return tuple(secret.strip() for secret in text.split(",") if secret.strip())


def read_secrets(variable: SecretVariable, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the secrets in `variable`, the new one first; none if it is optional and not set.

    Raises ConfigError unless there are one or two, different, of at least 16 characters each.
    """
    secrets = split_secrets(environment.get(variable.name, ""))
    if not secrets and not variable.is_optional:
        raise ConfigError(f"{variable.name} is not set; {variable.use}: give a random one of 32 characters")
    if len(secrets) > MOST or len(set(secrets)) < len(secrets):
        raise ConfigError(f"{variable.name} holds one secret, or two different ones, separated by a comma")
    if any(len(secret) < SHORTEST for secret in secrets):
        raise ConfigError(
            f"a secret in {variable.name} is shorter than {SHORTEST} characters; give a random one"
        )
    return secrets
