"""How much memory each process keeps, over the time that it lives."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

#: Seconds that a process must be watched, after it has warmed up, before its growth says anything.
SHORTEST = 300.0
#: What keeps its world in memory, and so grows with it: the simulated MA and CRM.
GROWS = ("sandbox",)


@dataclass(frozen=True)
class MemorySample:
    """The resident bytes of a part's process at a time (seconds).

    What it shares with others counts too: what a process that forks others, such as the scheduler, has alone
    changes with how many of them there are.
    """

    at: float
    part: str
    pid: int
    bytes: int


@dataclass(frozen=True)
class MemoryGrowth:
    """How much larger a process was at the end than after it had warmed up (1.05: by 5 %), and since when."""

    part: str
    pid: int
    ratio: float
    seconds: float

    def is_above(self, limit: float) -> bool:
        """Return whether it grew by more than `limit`, where it should not."""
        return self.part not in GROWS and self.ratio > limit


def measure_growth(samples: Iterable[MemorySample], *, warm: float) -> list[MemoryGrowth]:
    """Return the growth of each process that lived long enough, `warm` seconds after its first sample.

    The first fifth of the samples after that is compared with the last fifth.
    """
    by_process: dict[tuple[str, int], list[MemorySample]] = defaultdict(list)
    for sample in samples:
        by_process[sample.part, sample.pid].append(sample)
    found = []
    for (part, pid), all_samples in sorted(by_process.items()):
        later = [sample for sample in all_samples if sample.at >= all_samples[0].at + warm]
        if not later or later[-1].at - later[0].at < SHORTEST:
            continue
        fifth = max(1, len(later) // 5)
        ratio = _middle(later[-fifth:]) / _middle(later[:fifth])
        found.append(MemoryGrowth(part, pid, ratio, later[-1].at - later[0].at))
    return found


def _middle(samples: Sequence[MemorySample]) -> float:
    return median(sample.bytes for sample in samples)
