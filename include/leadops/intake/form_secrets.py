"""The secrets that senders of forms sign with: one, or two during a rotation."""

from leadops.errors import ConfigError

VARIABLE = "LEADOPS_FORM_SECRETS"
SHORTEST, MOST = 16, 2


def read_secrets(text: str) -> tuple[str, ...]:
    """Return the secrets in `text`, separated by commas.

    Raises ConfigError unless there are one or two, different, of at least 16 characters each.
    """
    secrets = tuple(part.strip() for part in text.split(",") if part.strip())
    if not secrets:
        raise ConfigError(
            f"{VARIABLE} is not set; senders of forms sign with it: give a random one of 32 characters"
        )
    if len(secrets) > MOST or len(set(secrets)) < len(secrets):
        raise ConfigError(f"{VARIABLE} holds one secret, or two different ones, separated by a comma")
    if any(len(secret) < SHORTEST for secret in secrets):
        raise ConfigError(f"a secret in {VARIABLE} is shorter than {SHORTEST} characters; give a random one")
    return secrets
