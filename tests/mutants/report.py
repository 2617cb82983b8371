"""The figures of a run."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.mutants.mutant import Mutant, Outcome

#: The share of mutants that must be noticed.
REQUIRED = 0.9

HEADER = """\
| room | of | mutants | killed by tests | refused by mypy | timed out | survived | noticed |
|---|---|---:|---:|---:|---:|---:|---:|"""


@dataclass(frozen=True)
class Figures:
    """How the mutants of one room and kind ended."""

    room: str
    kind: str
    mutants: int
    killed: int
    typed: int
    timed_out: int
    survived: int

    @property
    def share(self) -> float:
        """The share of mutants that were noticed, by whatever; 1 if there is none."""
        return 1 - self.survived / self.mutants if self.mutants else 1.0

    def as_row(self) -> str:
        """Return a row of the table under HEADER."""
        counts = (self.mutants, self.killed, self.typed, self.timed_out, self.survived)
        return f"| {self.room} | {self.kind} | {' | '.join(map(str, counts))} | {self.share:.1%} |"


def count_outcomes(room: str, kind: str, mutants: Iterable[Mutant]) -> Figures:
    """Return the figures of one room's Python or SQL."""
    counts = Counter(mutant.outcome for mutant in mutants)
    return Figures(
        room,
        kind,
        mutants=counts.total(),
        killed=counts[Outcome.KILLED],
        typed=counts[Outcome.TYPED],
        timed_out=counts[Outcome.TIMED_OUT],
        survived=counts[Outcome.SURVIVED],
    )


def find_unlisted(
    mutants: Iterable[Mutant], reasons: Mapping[tuple[str, str, str], str]
) -> dict[tuple[str, str], list[Mutant]]:
    """Return the survivors that are not on the list, by module and place."""
    unlisted: dict[tuple[str, str], list[Mutant]] = {}
    for mutant in mutants:
        if mutant.outcome is Outcome.SURVIVED and mutant.identity not in reasons:
            unlisted.setdefault((mutant.module, mutant.place), []).append(mutant)
    return unlisted
