"""How a token of Marketo is had: by client credentials.

All who ask get the same token as long as it lives, so processes need no shared store. A token lives an hour;
601 and 602 say that it has ended.
"""

from leadops.clients.shared_token import SharedToken
from leadops.clients.transport import Answered, Refused, Transport
from leadops.errors import ConfigError, PermanentError, TransientError
from leadops.settings import Endpoint

TOKEN_PATH = "/identity/oauth/token"  # noqa: S105 - a path
#: Where the three parts of the credentials come from.
WHERE = "Admin > LaunchPoint shows the client id and secret, Admin > Web Services the address"


def open_marketo_access(endpoint: Endpoint) -> SharedToken:
    """Return the access of a connection; all connections of the process share its token."""
    account = (endpoint.base_url, endpoint.login, endpoint.token)
    return SharedToken(account, lambda: ask_token(endpoint))


def ask_token(endpoint: Endpoint) -> str:
    """Return the token that Marketo gives for the connection's login (client id) and password (its secret).

    Raises TransientError where Marketo does not answer, PermanentError where it refuses us, with what to
    change.
    """
    if not endpoint.login or not endpoint.token:
        raise ConfigError(
            f"`login` of the connection is the client id, its password the client secret; {WHERE}"
        )
    transport = Transport(endpoint.model_copy(update={"token": ""}))
    try:
        outcome = transport.send(
            "GET",
            TOKEN_PATH,
            grant_type="client_credentials",
            client_id=endpoint.login,
            client_secret=endpoint.token,
        )
    finally:
        transport.close()
    if isinstance(outcome, Refused):
        raise PermanentError(f"Marketo gives no token ({outcome.reason}); {WHERE}")
    if not isinstance(outcome, Answered):
        raise TransientError(f"Marketo gives no token: {outcome.reason}")
    token = outcome.body.get("access_token") if isinstance(outcome.body, dict) else None
    if not isinstance(token, str) or not token:
        raise TransientError("Marketo gives no token: the answer has no access_token")
    return token
