"""What a soak came to, as text."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.kill_matrix.healing import Healing
from tests.soak.memory import MemoryGrowth
from tests.soak.oracle import Verdict

#: A process may be this much larger at the end.
GROWTH_LIMIT = 1.05
PAGE = Path(__file__).parents[2] / "docs" / "soak.md"
#: The results stand between these lines.
BEGIN, END = "<!-- made by make soak -->", "<!-- end -->"


@dataclass
class SoakResult:
    """What was sent, what happened, and what was found in the end; `wrong` names what else is wrong."""

    minutes: float
    seed: int
    executor: str
    events: int
    forms: int
    repeats: int
    deltas: int
    small_faults: Mapping[str, int]
    healings: Sequence[Healing]
    verdict: Verdict
    growths: Sequence[MemoryGrowth]
    wrong: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """Everything for which the soak has failed, a line each."""
        return [
            *(f"lost: {line}" for line in self.verdict.lost),
            *(f"double: {line}" for line in self.verdict.double),
            *(f"{healing.name}: {problem}" for healing in self.healings for problem in healing.problems),
            *(
                f"{growth.part} grew by {growth.ratio - 1:.1%} in {growth.seconds / 60:.0f} minutes"
                for growth in self.growths
                if growth.is_above(GROWTH_LIMIT)
            ),
            *self.wrong,
        ]


def write_result(result: SoakResult) -> str:
    """Return the result in Markdown."""
    small = sum(result.small_faults.values())
    lines = [
        f"{result.minutes:g} minutes, seed {result.seed}, executor {result.executor}",
        "",
        "| | |",
        "|---|---:|",
        f"| events accepted | {result.events} |",
        f"| forms accepted | {result.forms} |",
        f"| calls that senders had to repeat | {result.repeats} |",
        f"| score changes in the MA | {result.deltas} |",
        f"| faults survived | {len(result.healings)} |",
        f"| small faults of MA, CRM and Slack met | {small} |",
        f"| lost | {len(result.verdict.lost)} |",
        f"| double | {len(result.verdict.double)} |",
        "",
        "| fault | times | parts run after (median, longest) | all as before after |",
        "|---|---:|---:|---:|",
        *_write_healings(result.healings),
        "",
        "| process | watched for | growth |",
        "|---|---:|---:|",
        *(
            f"| {growth.part} | {growth.seconds / 60:.0f} min | {growth.ratio - 1:+.1%} |"
            for growth in result.growths
        ),
    ]
    return "\n".join(lines)


def _write_healings(healings: Sequence[Healing]) -> list[str]:
    by_name: dict[str, list[Healing]] = defaultdict(list)
    for healing in healings:
        by_name[healing.name].append(healing)
    return [
        f"| {name} | {len(found)} | {_write_times([one.parts for one in found])}"
        f" | {_write_times([max(one.whole, one.dags) for one in found])} |"
        for name, found in sorted(by_name.items())
    ]


def _write_times(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.0f} s, {max(seconds):.0f} s"


def write_page(result: SoakResult, page: Path = PAGE) -> None:
    """Put the result into the page, in place of the earlier one."""
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{write_result(result)}\n{END}{after}")
