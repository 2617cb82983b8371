"""Access tokens that products give out and that end; they live in memory, so a restart ends them too."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

TokenState = Literal["good", "expired", "unknown"]


@dataclass(slots=True)
class TokenBook:
    """Every token that was given out, with its end."""

    _ends: dict[str, datetime] = field(default_factory=dict)
    _last: str | None = None
    given: int = 0

    def give(self, now: datetime, *, seconds: float, same: bool, prefix: str = "") -> tuple[str, int]:
        """Return a token and the whole seconds it lives; `same`: the last one as long as it lives."""
        if same and self._last is not None and self._ends[self._last] > now:
            return self._last, int((self._ends[self._last] - now).total_seconds())
        self._last = token = prefix + secrets.token_urlsafe(24)
        self._ends[token] = now + timedelta(seconds=seconds)
        self.given += 1
        return token, int(seconds)

    def check(self, token: str, now: datetime) -> TokenState:
        """Return what `token` is worth at `now`."""
        if (end := self._ends.get(token)) is None:
            return "unknown"
        return "good" if end > now else "expired"

    def end_all(self, now: datetime) -> None:
        """End every token, as an administrator does who revokes sessions."""
        self._ends = dict.fromkeys(self._ends, now)
