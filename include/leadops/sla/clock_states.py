"""The clocks of an MQL, their states, and what stops them; the database checks the same values.

    running --> at_risk --> held --> breached --> met_late
       |           |         |
       |           |         +--> met, met_late (settled with the true times)
       |           +--> met, met_late, breached
       +--> met, met_late, held, breached

A clock is held while it is due but the CRM feed is not complete up to its due time. A contact that is
entered later with an earlier time corrects breached and met_late to met_late or met.
"""

from enum import StrEnum


class SlaClock(StrEnum):
    """What a clock measures; median_to_sal belongs to no single lead and has a row in sla.breaches only."""

    FIRST_CONTACT = "first_contact"
    SAL = "sal"
    MEDIAN_TO_SAL = "median_to_sal"


class ClockState(StrEnum):
    """The state of a clock (sla.clocks.state); sla.breaches has all of them but running."""

    RUNNING = "running"
    AT_RISK = "at_risk"  # the warning part of the target has passed without a contact
    HELD = "held"  # due, but the CRM feed is late: unknown
    BREACHED = "breached"  # due, and known to have no contact in time
    MET = "met"
    MET_LATE = "met_late"
