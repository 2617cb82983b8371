"""A token that all connections of a process share: the first that meets its end asks for the next one."""

from collections.abc import Callable, Hashable
from threading import Lock

from leadops.errors import LeadopsError


class _TokenPlace:
    """The token of one account in this process, and what the last question for one came to."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.token = ""
        self.error: LeadopsError | None = None
        self.asked = 0


_places: dict[Hashable, _TokenPlace] = {}
_places_lock = Lock()


class SharedToken:
    """The access of one connection to an account whose tokens end.

    Several connections that meet the end of a token together make one call for the next: the others wait for
    its outcome, be it a token or an error.
    """

    def __init__(self, account: Hashable, ask: Callable[[], str]) -> None:
        """Share the token with everybody in this process who names the same `account`.

        `ask` gets a new token from the product. It raises TransientError where that does not answer,
        PermanentError where it refuses us. Name in `account` all that a token depends on, secrets included:
        a connection that was changed gets a token of its own.
        """
        with _places_lock:
            self._place = _places.setdefault(account, _TokenPlace())
        self._ask = ask
        self._carried = ""

    def find_token(self) -> str:
        """Return the newest token, which calls carry now; raise what `ask` raises.

        A connection that slept while others took the next token and let it end, too, meets that end with the
        newest one: then it asks, and does not take one that is over for one that is fresh.
        """
        newest = self._place.token
        if not newest:
            return self._take()
        self._carried = newest
        return newest

    def renew(self) -> bool:
        """Get another token after the carried one was refused; raise what `ask` raises."""
        self._take()
        return True

    def _take(self) -> str:
        """Return a token other than the carried one: that of another connection, or a new one."""
        place = self._place
        asked_before = place.asked
        with place.lock:
            if place.token == self._carried:
                if place.asked != asked_before and place.error is not None:
                    raise place.error  # the answer to a question that was under way when this one came
                self._renew_place(place)
            self._carried = place.token
        return self._carried

    def _renew_place(self, place: _TokenPlace) -> None:
        place.error = None
        try:
            place.token = self._ask()
        except LeadopsError as error:
            place.error = error
            raise
        finally:
            place.asked += 1
