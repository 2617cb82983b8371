"""The order of the items of a timeline, and the place in it where a page begins, as text for an address."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from leadops.errors import PermanentError

#: The kinds of items, in the order in which they stand at one moment, the latest first.
KINDS = (
    "call",
    "clock",
    "assignment",
    "stage",
    "activity",
    "consent",
    "points",
    "event",
    "identity",
    "created",
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END = datetime(9999, 1, 1, tzinfo=UTC)
_LAST = 2**62


@dataclass(frozen=True)
class TimelineItem:
    """Something that happened to a person; `facts` depend on the kind."""

    at: datetime  # UTC
    kind: str  # one of KINDS
    number: int  # orders items of one kind and moment
    facts: dict[str, Any]

    @property
    def place(self) -> tuple[datetime, int, int]:
        """Where it stands: a later item has a greater place."""
        return self.at, -KINDS.index(self.kind), self.number


class Cut(NamedTuple):
    """The place before which a page's items stand."""

    at: datetime
    rank: int
    number: int

    def below(self, kind: str) -> int:
        """Return under which number an item of `kind` at the very moment of the cut is still to come."""
        rank = -KINDS.index(kind)
        return _LAST if rank < self.rank else self.number if rank == self.rank else -1

    def holds(self, item: TimelineItem) -> bool:
        """Return whether the item is still to come."""
        return item.place < (self.at, self.rank, self.number)


START = Cut(_END, 1, 0)


def read_cut(text: str | None) -> Cut:
    """Return the place that `text` names, the very end for None; raise PermanentError if it is none."""
    if text is None:
        return START
    try:
        micros, rank, number = map(int, urlsafe_b64decode(text.encode("ascii") + b"==").decode().split(" "))
        if -len(KINDS) < rank <= 0 <= number < _LAST:
            return Cut(_EPOCH + timedelta(microseconds=micros), rank, number)
    except (ValueError, OverflowError):
        pass
    raise PermanentError("after: give what `next` of the page before says, or nothing")


def write_cut(cut: Cut) -> str:
    """Return the place as text for an address."""
    micros = (cut.at - _EPOCH) // timedelta(microseconds=1)
    return urlsafe_b64encode(f"{micros} {cut.rank} {cut.number}".encode()).decode().rstrip("=")
