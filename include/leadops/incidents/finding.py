"""What a check finds out about one possible incident."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from leadops.incidents.kinds import KINDS

FindingStatus = Literal["firing", "ok", "unknown"]


class IncidentKey(NamedTuple):
    """Kind and subject: at most one incident with this key is open at a time."""

    kind: str
    subject: str


@dataclass(frozen=True)
class CheckFinding:
    """The problem is firing or ok since a time (UTC), or its status is unknown.

    Unknown neither opens nor resolves an incident. What is not found at all is left as it is.
    """

    kind: str
    subject: str
    status: FindingStatus
    since: datetime
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> IncidentKey:
        """The incident that this finding is about."""
        return IncidentKey(self.kind, self.subject)


def form_finding(
    kind: str, status: FindingStatus, facts: Mapping[str, Any], *, since: datetime
) -> CheckFinding:
    """Return a finding; the kind forms its subject from `facts`."""
    return CheckFinding(kind, KINDS[kind].form_subject(facts), status, since, facts)


def fire(kind: str, facts: Mapping[str, Any], *, since: datetime) -> CheckFinding:
    """Return a firing finding; the kind forms its subject from `facts`."""
    return form_finding(kind, "firing", facts, since=since)


def resolve_missing(
    open_now: Set[IncidentKey], *, findings: Sequence[CheckFinding], now: datetime
) -> list[CheckFinding]:
    """Return an ok finding for each of the open incidents that none of `findings` is about."""
    found = {finding.key for finding in findings}
    return [CheckFinding(*key, "ok", now) for key in sorted(open_now - found)]
