"""Counts of a push, which add up over calls, rounds and workers."""

from dataclasses import dataclass

#: This many new calls in a row without an answer mean that the target is down, not that one call is at fault.
FAILURES_IN_A_ROW = 3


@dataclass(frozen=True)
class PushReport:
    """Counts of one call, one round or a whole push; `problem` is the last reason to wait."""

    calls: int = 0  # HTTP calls made
    effects: int = 0  # outbox effects done
    deltas: int = 0  # score changes that the MA has applied
    dead: int = 0  # deltas or effects that became dead letters
    failed: int = 0  # calls without a final answer, to be made again
    failed_last: int = 0  # new calls among them at the end, with no success in between
    is_paused: bool = False  # the target cannot be reached, or asked for a pause
    problem: str = ""

    def __add__(self, other: "PushReport") -> "PushReport":
        only_failures = other.calls == other.failed
        return PushReport(
            calls=self.calls + other.calls,
            effects=self.effects + other.effects,
            deltas=self.deltas + other.deltas,
            dead=self.dead + other.dead,
            failed=self.failed + other.failed,
            failed_last=other.failed_last + (self.failed_last if only_failures else 0),
            is_paused=self.is_paused or other.is_paused,
            problem=other.problem or self.problem,
        )

    @property
    def has_progress(self) -> bool:
        """Whether anything was done, or tried."""
        return bool(self.calls or self.dead or self.effects)

    @property
    def is_down(self) -> bool:
        """Whether further calls now would only fail."""
        return self.is_paused or self.failed_last >= FAILURES_IN_A_ROW
