"""How a token of Mautic is had: by OAuth 2 client credentials, each for an hour."""

from urllib.parse import urlencode

from leadops.clients.shared_token import SharedToken
from leadops.clients.transport import Answered, Refused, Transport
from leadops.errors import ConfigError, PermanentError, TransientError
from leadops.settings import Endpoint

TOKEN_PATH = "/oauth/v2/token"  # noqa: S105 - a path
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
WHERE = (
    "Settings > API Credentials shows both of an OAuth 2 client with the grant Client Credentials, and"
    " Configuration > API Settings must say that the API is enabled"
)


def open_mautic_access(endpoint: Endpoint) -> SharedToken:
    """Return the access of a connection; all connections of the process share its token."""
    account = (endpoint.base_url, endpoint.login, endpoint.token)
    return SharedToken(account, lambda: ask_token(endpoint))


def ask_token(endpoint: Endpoint) -> str:
    """Return a token for the connection's login (client id) and password (its secret).

    Raises TransientError where Mautic does not answer, PermanentError where it refuses us, with what to
    change.
    """
    if not endpoint.login or not endpoint.token:
        raise ConfigError(
            f"`login` of the connection is the client id, its password the client secret; {WHERE}"
        )
    form = {
        "grant_type": "client_credentials",
        "client_id": endpoint.login,
        "client_secret": endpoint.token,
    }
    transport = Transport(endpoint.model_copy(update={"token": ""}))
    try:
        outcome = transport.send("POST", TOKEN_PATH, body=urlencode(form).encode(), headers=FORM)
    finally:
        transport.close()
    if isinstance(outcome, Refused):
        raise PermanentError(f"Mautic gives no token ({outcome.reason}); {WHERE}")
    if not isinstance(outcome, Answered):
        raise TransientError(f"Mautic gives no token: {outcome.reason}")
    token = outcome.body.get("access_token") if isinstance(outcome.body, dict) else None
    if not isinstance(token, str) or not token:
        raise TransientError("Mautic gives no token: the answer has no access_token")
    return token
