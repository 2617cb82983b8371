"""The words of delivery and products: our rows, their calls, and what an answer says of each row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from leadops.clients.call_outcomes import Outcome
from leadops.clients.lead_absence import LeadAbsence
from leadops.errors import PermanentError


class UnsupportedCallError(PermanentError):
    """The product has no call for what is asked of it; the text says what and which product."""


class NothingToSendError(PermanentError):
    """What is asked holds nothing for this product, by its settings: that is done without a call."""


@dataclass(frozen=True)
class Call:
    """One HTTP call as the product wants it: made once, stored, and repeated byte for byte.

    An empty `body` is none. `params` are the values of the query; `headers` come on top of the content type,
    the token and the key.
    """

    method: str
    path: str
    body: str = ""
    params: Mapping[str, str | int] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def head(self) -> dict[str, Any]:
        """Return everything but the body, as JSON values."""
        return {
            "method": self.method,
            "path": self.path,
            "params": dict(self.params),
            "headers": dict(self.headers),
        }

    @classmethod
    def restore(cls, head: Mapping[str, Any], body: str) -> "Call":
        """Return the call that was stored as `head` and `body`."""
        return cls(head["method"], head["path"], body, head["params"], head["headers"])


#: Makes a call and returns what it came to; it never raises for HTTP faults.
SendCall = Callable[[Call], Outcome]


class ScoreWay(StrEnum):
    """How a product takes scores."""

    #: A change is added to what the product has. A repetition counts twice, unless it is known again.
    ADD = "add"
    #: The whole total replaces what the product has. A repetition is harmless, an older total is not.
    SET = "set"


class ScoreRow(NamedTuple):
    """One change of a score: row `seq` of the ledger, and the product's id of the lead.

    `delta_id` names the change in the product: no restored backup and no other database makes it again.
    `is_duplicate`: the product said that it had the change before, and the score has to confirm it.
    """

    seq: int
    lead_id: int
    external_id: str
    points: int
    reason: str
    delta_id: str
    is_duplicate: bool = False


class TotalRow(NamedTuple):
    """The total of a lead, for a product whose scores are set: the sum of the ledger up to row `seq`.

    `lead_id` and `external_id` are each there once in a call. Where two leads of ours have one `external_id`,
    after a merge in the product, `points` is the sum of both, and `lead_id` the first of them. `seq` is 0
    while the ledger has no row of the lead.
    """

    seq: int
    lead_id: int
    external_id: str
    points: int


@dataclass(frozen=True)
class EffectRow:
    """One effect of the outbox: its operation and its values, in words of ours.

    `external_id` is the product's id of the lead: known where the operation needs one, or None. `key` is that
    under which its call is stored and repeated: no restored backup and no other database makes it again.
    """

    target: str
    operation: str
    lead_id: int | None
    external_id: str | None
    values: Mapping[str, Any]
    key: str = ""


class RowState(StrEnum):
    """What an answer says of one row, which is a score change or an effect."""

    #: It took effect.
    DONE = "done"
    #: The product says that it had it before; nobody believes that unseen.
    DUPLICATE = "duplicate"
    #: It certainly had no effect: the row alone goes out again.
    AGAIN = "again"
    #: It had no effect, and would be refused again.
    DEAD = "dead"
    #: It had no effect, because the lead is gone; `absence` says why and where to.
    GONE = "gone"
    #: It had no effect, because another lead stands for it, or none: a reading of the lead says which.
    MOVED = "moved"
    #: The answer does not say.
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class RowResult:
    """What an answer says of one row; `reason` is the product's own, not yet masked.

    `external_id` is the id that the product gave to the lead of an effect. `next_call`: of an effect that is
    repeatable and AGAIN, the call that has to follow at once, with what this answer says. It is not stored:
    after a kill or a lost answer the first call is made again, and leads here again.
    """

    state: RowState
    reason: Any = None
    absence: LeadAbsence | None = None
    external_id: str | None = None
    next_call: Call | None = None


@dataclass(frozen=True)
class ListedLead:
    """A lead as the product lists it; what is missing or unreadable there is None."""

    external_id: str | None
    score: int | None
    email: str | None = None
    our_id: str | None = None


@dataclass(frozen=True)
class LeadReading:
    """One lead as the product has it now: its score in points (None: none that is a whole number).

    `absence` says that another lead stands for it. `score_seq` is the row of the ledger that stands beside a
    score that was set, where the product keeps it.
    """

    score: int | None
    absence: LeadAbsence | None = None
    score_seq: int | None = None


@dataclass(frozen=True)
class QuotaReading:
    """What an answer says of the day's calls of the whole account.

    `used` of `limit` calls; None: it does not say. `used_up_for` is the seconds for which no call is left.
    """

    used: int | None = None
    limit: int | None = None
    used_up_for: float | None = None
