"""What a push did, in numbers that add up over calls, rounds and workers."""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Report:
    """Counts of one call, one round or a whole push; `problem` is the last thing that kept us waiting."""

    calls: int = 0  # HTTP calls made
    effects: int = 0  # outbox effects done
    deltas: int = 0  # score changes that the MA has applied
    dead: int = 0  # deltas or effects that became dead letters
    failed: int = 0  # calls without a final answer, to be made again
    problem: str = ""

    def __add__(self, other: "Report") -> "Report":
        sums = {
            field.name: getattr(self, field.name) + getattr(other, field.name)
            for field in fields(self)
            if field.type == "int" or field.type is int
        }
        return Report(**sums, problem=other.problem or self.problem)

    @property
    def stuck(self) -> bool:
        """Whether every call of the round failed, so that going on now would only knock at a closed door."""
        return self.calls > 0 and self.failed == self.calls
