"""What happens during a soak, drawn from a seed: the same seed repeats it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

#: Seconds between the healing of one fault and the next one.
SHORTEST_PAUSE, LONGEST_PAUSE = 5.0, 40.0


@dataclass(frozen=True)
class PlannedFault:
    """A fault by its name, and the seconds of calm before it."""

    name: str
    pause: float


def draw_plan(seed: int, names: Sequence[str]) -> Iterator[PlannedFault]:
    """Yield faults without end: rounds in which each of `names` happens once, each in an order of its own."""
    dice = Random(seed)
    while True:
        for name in dice.sample(names, len(names)):
            yield PlannedFault(name, dice.uniform(SHORTEST_PAUSE, LONGEST_PAUSE))


def draw_small_faults(seed: int) -> list[dict[str, object]]:
    """Return the rules of the sandbox that a few calls in a hundred meet all the time."""
    dice = Random(seed)
    kinds = ("500", "429", "reset_before", "reset_after", "half_answer", "latency")
    return [
        {
            "target": target,
            "kind": kind,
            "probability": round(dice.uniform(0.005, 0.02), 3),
            "seed": dice.randrange(1_000_000),
            "seconds": 2.0,
        }
        for target in ("ma", "crm", "slack")
        for kind in kinds
    ]
