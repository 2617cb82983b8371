"""What leadops reads of the CRM: the feed of activities and how late it is, and the salespeople."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from leadops.clients.answer_values import read_id
from leadops.crm.feed_page import find_as_of
from leadops.errors import PermanentError, TransientError
from leadops.products.check_line import CheckLine
from leadops.products.crm_client import CrmClient
from leadops.routing.team import INACTIVE, NO_PROFILE, SHARED_ENTRY, Team

#: Users that are named; all are counted.
MAX_NAMED = 10


def check_feed(
    client: CrmClient, *, cursor: str | None, overlap: timedelta, latest: timedelta, now: datetime
) -> CheckLine:
    """Return whether a page of activities behind `cursor` can be read, and how late the feed is at `now`.

    A feed that is more than `latest` behind holds the SLA clocks.
    """
    try:
        page = client.activities(after=cursor, limit=1)
        late = now - find_as_of(page, now=now, overlap=overlap)
    except (TransientError, PermanentError) as error:
        return CheckLine.change("feed", f"cannot be read: {error}")
    text = f"readable, complete up to {late.total_seconds() / 60:.1f} min ago"
    if late > latest:
        return CheckLine.change(
            "feed",
            f"{text}: more than crm_feed_minutes allows, so the SLA clocks are held; ask the CRM's team",
        )
    return CheckLine.ok("feed", text)


def read_users(client: CrmClient) -> list[tuple[str, Any]] | CheckLine:
    """Return the CRM's users as (id, profile), or the line that says why there are none."""
    try:
        users = [(read_id(rep.get("id")), rep) for rep in client.reps() if isinstance(rep, dict)]
    except (TransientError, PermanentError) as error:
        return CheckLine.change("owners", f"the users cannot be read: {error}")
    return [(rep_id, profile) for rep_id, profile in users if rep_id is not None]


def check_owners(team: Team) -> Iterator[CheckLine]:
    """Yield how many users of the CRM get leads, and who gets none for want of a readable profile."""
    people = list(team)
    with_leads = [rep for rep in people if rep.excluded is None and rep.fault is None]
    text = f"{len(people)} users, {len(with_leads)} get leads"
    inactive = sum(rep.excluded == INACTIVE for rep in people)
    if inactive:
        text += f", {inactive} inactive in the CRM"
    if with_leads:
        yield CheckLine.ok("owners", text)
    else:
        yield CheckLine.change("owners", f"{text}; give those who sell a profile in reps.yaml")
    without = [rep.rep_id for rep in people if rep.excluded in (NO_PROFILE, SHARED_ENTRY)]
    if without:
        yield CheckLine.change(
            "owners",
            f"no profile of their own: {_name(without)}; add each to reps.yaml, and those"
            " who do not sell with gets_leads: false",
        )
    for rep in people:
        if rep.fault and rep.excluded is None:
            yield CheckLine.change(
                "owners", f"{rep.rep_id}: {rep.fault}; correct it in the CRM or in reps.yaml"
            )


def _name(rep_ids: list[str]) -> str:
    more = len(rep_ids) - MAX_NAMED
    return ", ".join(rep_ids[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
