"""How a token is had: each process has its own in memory, so no token enters the database."""

from typing import Protocol


class Access(Protocol):
    """The token of one connection.

    Both methods may ask another system. They raise TransientError where it does not answer, PermanentError
    where it refuses us.
    """

    def find_token(self) -> str:
        """Return the token that calls carry now; empty where none is needed."""

    def renew(self) -> bool:
        """Get another token after one that was refused; return False where there is no other."""


class StaticToken:
    """A token that stays until somebody changes the connection."""

    def __init__(self, token: str) -> None:
        self._token = token

    def find_token(self) -> str:
        """Return the connection's password."""
        return self._token

    def renew(self) -> bool:
        """Return False: there is no other."""
        return False
