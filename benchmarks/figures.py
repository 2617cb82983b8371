"""What a benchmark hands back: figures, some with a target."""

from dataclasses import dataclass, field
from typing import Literal

Bound = Literal["at most", "at least", "under"]


@dataclass(frozen=True)
class Figure:
    """One number with its unit; `bound` and `target` say what is promised, where anything is."""

    name: str
    value: float
    unit: str
    bound: Bound | None = None
    target: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None:
            return None
        match self.bound:
            case "at most":
                return self.value <= self.target
            case "at least":
                return self.value >= self.target
            case "under":
                return self.value < self.target
        raise ValueError(f"{self.name} has a target but no bound")


@dataclass(frozen=True)
class Measured:
    """All figures of one benchmark, and remarks that a reader of the numbers needs.

    `page` is Markdown with more than fits into a few figures; it gets a file of its own.
    """

    figures: list[Figure]
    remarks: list[str] = field(default_factory=list)
    page: str = ""
