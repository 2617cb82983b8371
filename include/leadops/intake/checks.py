"""The checks on forms: are many refused?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadops.db import Connection
from leadops.incidents.alert_settings import RefusalLimits
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding
from leadops.incidents.kinds import KINDS
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class FormRefusalCount:
    """How many forms were refused for one reason."""

    reason: str
    times: int


def check_refused_forms(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Compare the forms refused in the window with all forms; nothing of a refused form is kept."""
    limits, kind = given.settings.refused_forms, KINDS["forms_refused"]
    since = given.now - limits.window
    counts = queries.all(
        connection, "count_form_refusals", FormRefusalCount, since=since, ignored=list(limits.ignored)
    )
    refused = sum(count.times for count in counts)
    if not refused:
        return []
    total = refused + queries.value(connection, "count_forms", since=since)
    status = limits.classify(refused, total)
    if status == "ok":
        return []
    facts = _form_facts(counts, refused=refused, total=total, limits=limits)
    return [CheckFinding(kind.name, kind.form_subject(facts), status, given.now, facts)]


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
    }


CHECKS = (Check("forms", ("forms_refused",), check_refused_forms),)
