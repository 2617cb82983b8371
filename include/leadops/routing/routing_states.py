"""The states of a lead in routing, and the reasons of an assignment; the database checks the same values.

A place (routing.leads) is where one MQL cycle of a lead is now:

    new MQL --+--> queued --+--> owned --> owned (the next salesperson, after an SLA breach)
              |             |
              +--> owned    +--> closed (sales accepted it, won it or lost it before routing found an owner)
              |
              +--> closed

A notice (routing.notices) is one Slack message about an assignment:

    open --+--> sent
           |
           +--> dropped (too old, or the lead moved on) --> open (the lead is back after people were split)
"""

from enum import StrEnum


class PlaceState(StrEnum):
    """Where a cycle of a lead is: with a salesperson, in a queue, or none of routing's business any more."""

    OWNED = "owned"
    QUEUED = "queued"
    CLOSED = "closed"


class NoticeState(StrEnum):
    """What became of the message about an assignment."""

    OPEN = "open"
    SENT = "sent"
    ERASING = "erasing"  # sent; its text goes, since the person was erased
    DROPPED = "dropped"


class AssignmentReason(StrEnum):
    """Why an assignment went where it went (routing.assignments.why)."""

    ACCOUNT = "account"  # the owner of the account keeps it
    SHARE = "share"  # the salesperson who was served least by weight
    QUEUE = "queue"  # nobody was free
    TAKEN = "taken"  # sales accepted the lead in the CRM before routing assigned it


class AssignmentCause(StrEnum):
    """What made routing look at the lead (routing.assignments.cause)."""

    MQL = "mql"
    QUEUE = "queue"
    BREACH = "breach"
