"""The states of a membership and of its sends; the database checks the same values.

A membership is one person's way through a programme, once; a send is what became of one step of it::

    active ──last step done──▶ finished
       └──exit, joined, …───▶ exited

    queued ──an exit is known before the MA was called──▶ withheld
      │ ▲ ──quiet hours began before the MA was called──▶ postponed
      │ └──────────────────decided again──────────────────────┘
    skipped (never enqueued)
"""

from enum import StrEnum


class MembershipState(StrEnum):
    """The state of a membership (nurture.memberships.state)."""

    ACTIVE = "active"
    FINISHED = "finished"  # every step is done
    EXITED = "exited"  # it ended before its last step, for the reason beside it


class SendState(StrEnum):
    """What became of a step (nurture.sends.state)."""

    QUEUED = "queued"  # the outbox has the enrolment
    POSTPONED = "postponed"  # the outbox dropped it before it was ever sent, and it is decided again
    WITHHELD = "withheld"  # the outbox had it, and dropped it before it was ever sent
    SKIPPED = "skipped"  # it was never enqueued


class EndReason(StrEnum):
    """Why a membership ended before its last step, or an enrolment was withheld."""

    SAL = "sal"  # sales accepted the lead in its current cycle, or went further
    CONTACTED = "contacted"  # sales contacted the lead in its current cycle
    CUSTOMER = "customer"  # the person, or another one of the account, bought
    OPT_OUT = "opt_out"  # the person wants no marketing mail
    NO_CONSENT = "no_consent"  # the person never agreed to mail, where the settings ask for that
    BOUNCED = "bounced"  # mails to the person come back
    JOINED = "joined"  # the person was in the programme by another lead since earlier
    WITHDRAWN = "withdrawn"  # what made the person enter counts no longer: a machine's act, or another's
    INTERNAL = "internal"  # one of our own people
    REMOVED = "removed"  # the programme was taken out of the file
    ERASED = "erased"  # the person was erased


class SkipReason(StrEnum):
    """Why a step of a membership was skipped."""

    STALE = "stale"  # it could not go out before it was stale
    OVERTAKEN = "overtaken"  # the step after it is due as well: two at once are one too many
    FREQUENCY_CAP = "frequency_cap"  # the cap left no room before it was stale
    ALREADY_SENT = "already_sent"  # the person got it by another membership, before leads were joined
    NO_MESSAGE = "no_message"  # no depth fits, and the step has no message of its own
    HELD_OUT = "held_out"  # the person belongs to the share that gets nothing
    NOT_SET_UP = "not_set_up"  # the MA's product cannot enrol anybody in this step before it was stale
