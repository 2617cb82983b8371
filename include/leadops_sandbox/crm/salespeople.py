"""What a salesperson does with a lead, decided beforehand from a seed: mostly in time, sometimes late.

The whole story of a lead is fixed when the lead comes in, so a restart finds the same story, and the
same seed gives the same one. Times are minutes of life as it is lived in a demonstration: answers take
minutes, deals hours. `speed` divides them all.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple


class Planned(NamedTuple):
    """One activity to come, and when."""

    due_at: datetime
    activity: dict[str, Any]


#: The share of leads that nobody ever takes.
FORGOTTEN = 0.03
#: Minutes until a lead is taken: in time, and late.
PROMPT, LATE = (0.5, 8.0), (11.0, 45.0)


def plan_work(
    *, lead_id: str, rep_id: str, created_at: datetime, seed: int, speed: float, late_share: float
) -> list[Planned]:
    """Return what `rep_id` will do with `lead_id`, in the order of time; empty when it is forgotten."""
    rng = Random(f"{seed}:{lead_id}")
    now = created_at
    planned = []
    for step, (minutes, facts) in enumerate(_story(rng, late_share)):
        now += timedelta(minutes=minutes / speed)
        if "next_meeting_in_days" in (details := dict(facts.get("details", {}))):
            days = details.pop("next_meeting_in_days")
            details["next_meeting_at"] = (now + timedelta(days=days)).isoformat()
        activity = {
            "id": f"{lead_id}-{step + 1}",
            "lead_id": lead_id,
            "rep_id": rep_id,
            "occurred_at": now.isoformat(),
            **facts,
            "details": details,
        }
        planned.append(Planned(now, activity))
    return planned


def _story(rng: Random, late_share: float) -> Iterator[tuple[float, dict[str, Any]]]:
    """Yield (minutes after the one before, activity) until the lead is won, lost or left."""
    if rng.random() < FORGOTTEN:
        return
    yield rng.uniform(*(LATE if rng.random() < late_share else PROMPT)), {"kind": "status", "status": "taken"}
    for _ in range(rng.randint(1, 3)):
        yield rng.uniform(0.5, 20), {"kind": rng.choice(("call", "call", "mail"))}
    if rng.random() < 0.5:
        if rng.random() < 0.7:
            yield rng.uniform(30, 300), {"kind": "status", "status": "lost", "details": {"reason": "no need"}}
        return
    yield rng.uniform(15, 120), {"kind": "meeting"}
    bant = {name: rng.random() < 0.65 for name in ("need", "budget", "authority")}
    details: dict[str, Any] = dict(bant)
    if sum(bant.values()) >= 2:
        details["next_meeting_in_days"] = rng.randint(2, 10)
    yield rng.uniform(1, 10), {"kind": "status", "status": "bant", "details": details}
    if rng.random() < 0.6:
        won = sum(bant.values()) >= 2 and rng.random() < 0.45
        amount = {"amount": rng.randrange(300_000, 9_000_000, 50_000)} if won else {"reason": "price"}
        yield rng.uniform(60, 600), {"kind": "status", "status": "won" if won else "lost", "details": amount}
