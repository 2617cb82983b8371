"""How Odoo is entered by JSON-RPC: a login has a number, which every call carries beside the key."""

import json

from leadops.clients.access import StaticToken
from leadops.clients.answer_shapes import AnswerShapeError
from leadops.clients.transport import Transport, expect
from leadops.errors import ConfigError, PermanentError
from leadops.mask import remember_secrets
from leadops.products.odoo.odoo_calls import take_result
from leadops.products.odoo.odoo_errors import classify_odoo_answer
from leadops.settings import Endpoint

HOW = 'give the connection "login", the key as "password", and "extra": {"database": "…"}'


class OdooAccess:
    """The number of the connection's login, asked for once in a process, and its key."""

    def __init__(self, endpoint: Endpoint) -> None:
        """Raise ConfigError where the connection does not say who enters which database."""
        if not (endpoint.login and endpoint.token and endpoint.extra.get("database")):
            raise ConfigError(f"the connection to {endpoint.base_url}: {HOW}")
        remember_secrets([endpoint.token])
        self._endpoint = endpoint
        self._token = ""

    def find_token(self) -> str:
        """Return number and key as they stand in a body."""
        return self._token or self._ask()

    def renew(self) -> bool:
        """Ask for the number once more: in a restored database it may be another."""
        before = self._token
        return self._ask() != before

    def _ask(self) -> str:
        endpoint = self._endpoint
        asked = [endpoint.extra["database"], endpoint.login, endpoint.token, {}]
        body = {
            "jsonrpc": "2.0",
            "method": "call",
            "params": {"service": "common", "method": "authenticate", "args": asked},
        }
        transport = Transport(endpoint, access=StaticToken(""), classify=classify_odoo_answer)
        try:
            answer = expect(transport.send("POST", "/jsonrpc", body=json.dumps(body).encode()), "Odoo login")
        finally:
            transport.close()
        user = take_result(answer)
        if user is False:
            raise PermanentError("Odoo does not know the login, or refuses its key")
        if isinstance(user, bool) or not isinstance(user, int):
            raise AnswerShapeError("Odoo login: the answer is not the number of a user")
        self._token = json.dumps([user, endpoint.token], separators=(",", ":"))[1:-1]
        return self._token
