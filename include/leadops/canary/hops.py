"""The hops of a visit, and which of them begins after which."""

from collections.abc import Collection
from dataclasses import dataclass

#: Every hop in the order in which they are shown, and the hops after which it begins. Of the hops before it
#: those count that the visit has; where it has none of them, the hops before those do.
HOPS: dict[str, tuple[str, ...]] = {
    "collect": (),
    "form": ("collect",),
    "resolve": ("collect",),
    "score": ("resolve",),
    "push": ("score", "form"),
    "crm": ("form",),
    "feed": ("crm",),
    "export": ("score",),
}
#: Those at which the canary itself knocks; the others are seen in the tables.
DOORS = ("collect", "form")
#: Those that an installation has in any case.
OWN_HOPS = frozenset({"collect", "form", "resolve", "score"})
#: Those for which a run does not wait: they take up to an hour.
SLOW_HOPS = frozenset({"export"})


@dataclass(frozen=True)
class PlannedHop:
    """A hop of a visit, and the hops of the same visit after which it begins."""

    hop: str
    follows: tuple[str, ...]


def plan_hops(present: Collection[str]) -> list[PlannedHop]:
    """Return the hops that are `present`, in order; a missing hop is replaced by what comes before it."""
    return [PlannedHop(hop, _list_present(hop, present)) for hop in HOPS if hop in present]


def _list_present(hop: str, present: Collection[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for before in HOPS[hop]:
        found |= dict.fromkeys([before] if before in present else _list_present(before, present))
    return tuple(found)
