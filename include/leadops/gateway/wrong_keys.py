"""Names wrong write keys, so that a sender that goes on with one differs from somebody who guesses."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

#: The reason for which calls with a wrong key, or without one, are counted.
BAD_KEY = "bad_key"
#: How many keys have a name at once, and for how long: whoever guesses cannot make more rows than these.
MOST, KEPT = 20, timedelta(hours=1)


class WrongKeys:
    """The wrong keys of the last hour; `clock` returns the time in UTC."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._used_at: dict[str, datetime] = {}

    def name_reason(self, key: str | None) -> str:
        """Return the reason by which a call with this wrong key is counted, with the key's fingerprint."""
        if not key:
            return BAD_KEY
        now, name = self._clock(), fingerprint(key)
        if name not in self._used_at and len(self._used_at) >= MOST:
            self._used_at = {one: at for one, at in self._used_at.items() if now - at < KEPT}
            if len(self._used_at) >= MOST:
                return BAD_KEY
        self._used_at[name] = now
        return f"{BAD_KEY}_{name}"


def fingerprint(key: str) -> str:
    """Return the first eight hex digits of the key's SHA-256: enough to find it, too few to guess it."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:8]
