"""The secrets that callers show or sign with, and when one that is being replaced was last used."""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from leadops.gateway.wrong_keys import WrongKeys


@dataclass(frozen=True)
class SecretRotation:
    """A variable that holds two secrets: when the old one was last used (UTC), None: not since the start."""

    variable: str
    old_used_at: datetime | None


class SharedSecrets:
    """The secrets of the gateway by variable; of two in a variable, the first is the new one.

    `clock` returns the time in UTC.
    """

    def __init__(self, secrets: Mapping[str, Sequence[str]], *, clock: Callable[[], datetime]) -> None:
        self._secrets, self._clock = secrets, clock
        self._old_uses: dict[str, datetime] = {}
        self.wrong_keys = WrongKeys(clock)

    def admits(self, variable: str, given: str | None) -> bool:
        """Return whether `given` is a secret of `variable`, and note the use.

        Every secret is compared, in a time that does not depend on how much of it is right.
        """
        place = None if given is None else find_place(given, self._secrets.get(variable, ()))
        if place is None:
            return False
        self.note_use(variable, place)
        return True

    def note_use(self, variable: str, place: int) -> None:
        """Note that the secret at `place`, from 0, of `variable` was used."""
        if place > 0:
            self._old_uses[variable] = self._clock()

    def list_rotations(self) -> list[SecretRotation]:
        """Return the variables that hold two secrets."""
        return [
            SecretRotation(variable, self._old_uses.get(variable))
            for variable, secrets in sorted(self._secrets.items())
            if len(secrets) > 1
        ]


def find_place(given: str, secrets: Sequence[str]) -> int | None:
    """Return which of `secrets`, from 0, is `given`; None if none is."""
    encoded = given.encode("utf-8", "surrogatepass")
    fits = [hmac.compare_digest(encoded, secret.encode()) for secret in secrets]
    return fits.index(True) if any(fits) else None
