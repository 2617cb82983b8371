"""What a push did, in numbers that add up over calls, rounds and workers."""

from dataclasses import dataclass

#: So many new calls in a row without an answer mean that the target is down, not that a call is ill.
FAILURES_IN_A_ROW = 3


@dataclass(frozen=True)
class PushReport:
    """Counts of one call, one round or a whole push; `problem` is the last thing that kept us waiting."""

    calls: int = 0  # HTTP calls made
    effects: int = 0  # outbox effects done
    deltas: int = 0  # score changes that the MA has applied
    dead: int = 0  # deltas or effects that became dead letters
    failed: int = 0  # calls without a final answer, to be made again
    failed_last: int = 0  # of these, how many new ones came last, with no success in between
    rests: bool = False  # the target cannot be reached, or asked for rest
    problem: str = ""

    def __add__(self, other: "PushReport") -> "PushReport":
        unbroken = other.calls == other.failed
        return PushReport(
            calls=self.calls + other.calls,
            effects=self.effects + other.effects,
            deltas=self.deltas + other.deltas,
            dead=self.dead + other.dead,
            failed=self.failed + other.failed,
            failed_last=other.failed_last + (self.failed_last if unbroken else 0),
            rests=self.rests or other.rests,
            problem=other.problem or self.problem,
        )

    @property
    def is_down(self) -> bool:
        """Whether going on now would only knock at a closed door."""
        return self.rests or self.failed_last >= FAILURES_IN_A_ROW
