"""How a token of Mautic is had: by OAuth 2 client credentials, each for an hour."""

from urllib.parse import urlencode

from leadops.clients.call_outcomes import Outcome
from leadops.clients.shared_token import SharedToken
from leadops.clients.transport import Transport
from leadops.products.client_credentials import ask_with_credentials, open_shared_token
from leadops.settings import Endpoint

TOKEN_PATH = "/oauth/v2/token"  # noqa: S105 - a path
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
WHERE = (
    "Settings > API Credentials shows both of an OAuth 2 client with the grant Client Credentials, and"
    " Configuration > API Settings must say that the API is enabled"
)


def open_mautic_access(endpoint: Endpoint) -> SharedToken:
    """Return the access of a connection; all connections of the process share its token."""
    return open_shared_token(endpoint, ask_token)


def ask_token(endpoint: Endpoint) -> str:
    """Return a token of Mautic; raises as `ask_with_credentials`."""

    def ask(transport: Transport) -> Outcome:
        form = {
            "grant_type": "client_credentials",
            "client_id": endpoint.login,
            "client_secret": endpoint.token,
        }
        return transport.send("POST", TOKEN_PATH, body=urlencode(form).encode(), headers=FORM)

    return ask_with_credentials(endpoint, ask, product="Mautic", where=WHERE)
