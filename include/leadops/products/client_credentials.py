"""A token by OAuth 2 client credentials: what the products that give one have in common."""

from collections.abc import Callable

from leadops.clients.call_outcomes import Answered, Outcome, Refused
from leadops.clients.shared_token import SharedToken
from leadops.clients.transport import Transport
from leadops.errors import ConfigError, PermanentError, TransientError
from leadops.settings import Endpoint

#: Asks a product for a token over a transport that carries none.
AskToken = Callable[[Transport], Outcome]


def open_shared_token(endpoint: Endpoint, ask: Callable[[Endpoint], str]) -> SharedToken:
    """Return the access of a connection; all connections of the process to its account share the token."""
    account = (endpoint.base_url, endpoint.login, endpoint.token)
    return SharedToken(account, lambda: ask(endpoint))


def ask_with_credentials(endpoint: Endpoint, ask: AskToken, *, product: str, where: str) -> str:
    """Return the token that `product` gives for the connection's login (client id) and password (its secret).

    `where` says where both come from. Raises ConfigError where one is missing, TransientError where there is
    no whole answer, PermanentError where we are refused, with what to change.
    """
    if not endpoint.login or not endpoint.token:
        raise ConfigError(
            f"`login` of the connection is the client id, its password the client secret; {where}"
        )
    transport = Transport(endpoint.model_copy(update={"token": ""}))
    try:
        outcome = ask(transport)
    finally:
        transport.close()
    if isinstance(outcome, Refused):
        raise PermanentError(f"{product} gives no token ({outcome.reason}); {where}")
    if not isinstance(outcome, Answered):
        raise TransientError(f"{product} gives no token: {outcome.reason}")
    token = outcome.body.get("access_token") if isinstance(outcome.body, dict) else None
    if not isinstance(token, str) or not token:
        raise TransientError(f"{product} gives no token: the answer has no access_token")
    return token
