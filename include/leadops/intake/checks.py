"""The checks on forms: are many refused, and do signed ones wait in quarantine?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from leadops.db import Connection
from leadops.events.form_spam import SPAM
from leadops.incidents.alert_settings import RefusalLimits
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, fire, form_finding
from leadops.mask import mask_text
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class FormRefusalCount:
    """How many forms were refused for one reason."""

    reason: str
    times: int


def check_refused_forms(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Compare the forms refused in the window with all forms, and those that look like spam in theirs.

    Spam is refused too, but it is kept. Its own limits notice a sign that real people show, such as a hidden
    field that a changed form fills in, however few forms there are.
    """
    limits = given.settings
    findings = [
        *_compare(connection, given.now, limits.refused_forms, beginning=""),
        *_compare(connection, given.now, limits.spam_forms, beginning=SPAM),
    ]
    firing = [finding for finding in findings if finding.status == "firing"]
    return (firing or findings)[:1]


def _compare(
    connection: Connection, now: datetime, limits: RefusalLimits, *, beginning: str
) -> list[CheckFinding]:
    """Return a finding unless all is well; only reasons with this `beginning` are counted as refused."""
    since = now - limits.window
    counts = queries.all(
        connection,
        "count_form_refusals",
        FormRefusalCount,
        since=since,
        ignored=list(limits.ignored),
        beginning=beginning,
    )
    refused = sum(count.times for count in counts)
    if not refused:
        return []
    total = refused + queries.value(connection, "count_forms", since=since)
    status = limits.classify(refused, total)
    if status == "ok":
        return []
    facts = _form_facts(counts, refused=refused, total=total, limits=limits)
    return [form_finding("forms_refused", status, facts, since=now)]


def _form_facts(
    counts: Sequence[FormRefusalCount], *, refused: int, total: int, limits: RefusalLimits
) -> Mapping[str, Any]:
    """Return the facts; `counts` begins with the most frequent reason."""
    return {
        "refused": refused,
        "total": total,
        "window": limits.window_minutes,
        "percent": round(100 * refused / total, 1),
        "reason": counts[0].reason,
        "reason_count": counts[0].times,
        "spam": sum(count.times for count in counts if count.reason.startswith(SPAM)) or None,
    }


@dataclass(frozen=True)
class WaitingForms:
    """The signed forms in quarantine: how many, since when, the most frequent reason, the latest of it."""

    forms: int
    recent: int
    first_at: datetime
    reason: str
    reason_count: int
    example_id: int
    example: str


def check_quarantined_forms(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find signed forms that wait in quarantine: leads that sales does not see, however old."""
    since = given.now - timedelta(hours=1)
    waiting = queries.first(connection, "describe_waiting_forms", WaitingForms, since=since)
    if waiting is None or waiting.forms < given.settings.quarantined_forms:
        return []
    total = waiting.recent + queries.value(connection, "count_forms", since=since)
    facts = {
        "count": waiting.forms,
        "first_at": waiting.first_at.isoformat(),
        "reason": waiting.reason,
        "reason_count": waiting.reason_count,
        "recent": waiting.recent or None,
        "total": total,
        "percent": round(100 * waiting.recent / total, 1) if total else None,
        "example_id": waiting.example_id,
        "example": mask_text(waiting.example),
    }
    return [fire("forms_quarantined", facts, since=min(waiting.first_at, given.now))]


CHECKS = (
    Check("refused_forms", ("forms_refused",), check_refused_forms),
    Check("quarantined_forms", ("forms_quarantined",), check_quarantined_forms),
)
