"""The figures of a run.

A survivor on the list decides the same as the code, so no test can notice it: it is left out of the share,
as is usual for equivalent mutants. Otherwise it would lower the share of a room whose tests lack nothing, and
the way to raise it would be worse code: without the early filter or the lock that the mutant takes away.
The list hides no hole: each entry has its reason, stands in the table, and is void once its line changes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.mutants.mutant import Mutant, Outcome

#: The share of mutants that must be noticed.
REQUIRED = 0.9

HEADER = """\
| room | of | mutants | killed by tests | refused by mypy | timed out | survived | change nothing | noticed |
|---|---|---:|---:|---:|---:|---:|---:|---:|"""


@dataclass(frozen=True)
class Figures:
    """How the mutants of one room and kind ended; `listed` of the survivors are on the list."""

    room: str
    kind: str
    mutants: int
    killed: int
    typed: int
    timed_out: int
    survived: int
    listed: int

    @property
    def share(self) -> float:
        """The share that was noticed of the mutants that decide something else; 1 if there is none."""
        deciding = self.mutants - self.listed
        return 1 - (self.survived - self.listed) / deciding if deciding else 1.0

    def as_row(self) -> str:
        """Return a row of the table under HEADER."""
        counts = (self.mutants, self.killed, self.typed, self.timed_out, self.survived, self.listed)
        return f"| {self.room} | {self.kind} | {' | '.join(map(str, counts))} | {self.share:.1%} |"


def count_outcomes(
    room: str, kind: str, mutants: Sequence[Mutant], reasons: Mapping[tuple[str, str, str], str]
) -> Figures:
    """Return the figures of one room's Python or SQL; `reasons` is the list of survivors."""
    counts = Counter(mutant.outcome for mutant in mutants)
    unlisted = sum(map(len, find_unlisted(mutants, reasons).values()))
    return Figures(
        room,
        kind,
        mutants=counts.total(),
        killed=counts[Outcome.KILLED],
        typed=counts[Outcome.TYPED],
        timed_out=counts[Outcome.TIMED_OUT],
        survived=counts[Outcome.SURVIVED],
        listed=counts[Outcome.SURVIVED] - unlisted,
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
