"""How a token of Marketo is had: by client credentials.

All who ask get the same token as long as it lives, so processes need no shared store. A token lives an hour;
601 and 602 say that it has ended.
"""

from leadops.clients.call_outcomes import Outcome
from leadops.clients.shared_token import SharedToken
from leadops.clients.transport import Transport
from leadops.products.client_credentials import ask_with_credentials, open_shared_token
from leadops.settings import Endpoint

TOKEN_PATH = "/identity/oauth/token"  # noqa: S105 - a path
#: Where the three parts of the credentials come from.
WHERE = "Admin > LaunchPoint shows the client id and secret, Admin > Web Services the address"


def open_marketo_access(endpoint: Endpoint) -> SharedToken:
    """Return the access of a connection; all connections of the process share its token."""
    return open_shared_token(endpoint, ask_token)


def ask_token(endpoint: Endpoint) -> str:
    """Return the token that Marketo gives; raises as `ask_with_credentials`."""

    def ask(transport: Transport) -> Outcome:
        return transport.send(
            "GET",
            TOKEN_PATH,
            grant_type="client_credentials",
            client_id=endpoint.login,
            client_secret=endpoint.token,
        )

    return ask_with_credentials(endpoint, ask, product="Marketo", where=WHERE)
