"""What a look at the tables says about one possible incident."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple


class Key(NamedTuple):
    """Kind and subject of an open incident."""

    kind: str
    subject: str


@dataclass(frozen=True)
class Finding:
    """It is wrong or good since a time (UTC), or nobody knows; what is not found is left as it is."""

    kind: str
    subject: str
    standing: Literal["wrong", "good", "unknown"]
    since: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)


def find_ended(kinds: Set[str], *, open_now: Set[Key], wrong: list[Finding], now: datetime) -> list[Finding]:
    """Return a good finding for every open incident of `kinds` that nothing in `wrong` speaks for."""
    still = {(finding.kind, finding.subject) for finding in wrong}
    return [
        Finding(kind, subject, "good", now) for kind, subject in sorted(open_now - still) if kind in kinds
    ]
