"""The next event for a page, so that PagerDuty shows what is on record: pure, no I/O."""

from collections.abc import Sequence
from enum import StrEnum

from leadops.alerts.page import Page, PageState
from leadops.incidents.incident import Incident


class PageStep(StrEnum):
    """The next step of a page: an event by its name, or one that needs no call."""

    NOTHING = "nothing"
    DROP = "drop"
    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


#: What PagerDuty shows once it has accepted the event.
STATE_AFTER = {
    PageStep.TRIGGER: PageState.TRIGGERED,
    PageStep.ACKNOWLEDGE: PageState.ACKNOWLEDGED,
    PageStep.RESOLVE: PageState.RESOLVED,
}


def decide_page_step(page: Page, incidents: Sequence[Incident]) -> PageStep:
    """Return the next step of `page`, which is about `incidents`.

    What is over before anything was sent calls nobody. Once an event may have arrived it is also resolved.
    """
    unresolved = [incident for incident in incidents if incident.is_open]
    if not unresolved:
        was_never_sent = page.state == PageState.PENDING and page.unknown_since is None
        return PageStep.DROP if was_never_sent else PageStep.RESOLVE
    if page.state == PageState.PENDING:
        return PageStep.TRIGGER
    if page.state == PageState.TRIGGERED and all(incident.acknowledged_at for incident in unresolved):
        return PageStep.ACKNOWLEDGE
    return PageStep.NOTHING
