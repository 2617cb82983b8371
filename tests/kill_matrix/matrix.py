"""Goes through the faults on one stack, and says of each what it came to."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime

import psycopg

from tests.kill_matrix.faults import Fault
from tests.kill_matrix.healing import Healing, audit, await_healing, find_told_twice, list_incidents
from tests.kill_matrix.probes import Probes
from tests.kill_matrix.processes import list_parts
from tests.running_stack import Stack

#: Seconds in which all must be as before; in which what was accepted must have arrived; in which every
#: incident must be resolved, most of which takes three minutes of calm.
LIMIT, ARRIVAL, CALM = 600.0, 300.0, 900.0
#: Seconds in which the task of a killed worker must run again.
NEXT_TRY = 60.0


def run_matrix(
    stack: Stack,
    faults: Iterable[Fault],
    *,
    executor: str,
    next_try: float = NEXT_TRY,
    say: Callable[[str], None] = print,
    waits_for_calm: bool = True,
) -> list[Healing]:
    """Let each of `faults` happen to the running stack, one after the other; return what they came to.

    The task of a killed worker must run again within `next_try` seconds. Each incident must be resolved,
    which is waited for, unless the caller has no time for that (`waits_for_calm`).
    """
    probes = Probes(stack)
    probes.start()
    found = []
    try:
        wait(lambda: probes.arrived(since=0.0), LIMIT)
        for fault in faults:
            found.append(strike(stack, probes, fault, executor=executor, next_try=next_try))
            say(describe(found[-1]))
    finally:
        probes.end()
    if found:
        found[-1].problems += _look_back(stack, probes, found, waits_for_calm=waits_for_calm)
    return found


def describe(healing: Healing) -> str:
    """Return one line about a fault and what it came to."""
    again = "" if healing.next_try is None else f", task again {healing.next_try:.0f} s"
    times = f"parts {healing.parts:.0f} s, DAGs {healing.dags:.0f} s, whole {healing.whole:.0f} s{again}"
    return f"{healing.executor}, {healing.name}: {times}" + "".join(
        f"\n  ! {each}" for each in healing.problems
    )


def strike(
    stack: Stack, probes: Probes, fault: Fault, *, executor: str, next_try: float = NEXT_TRY
) -> Healing:
    """Let `fault` happen to the running stack, and wait until all is as before; return what it came to."""
    parts = set(list_parts(stack))
    began = datetime.now(UTC)
    with fault.act(stack) as blow:
        healing = Healing(fault.name, executor, began, began)
        await_healing(stack, probes, blow, healing, parts=parts, limit=LIMIT)
    if healing.next_try is not None and healing.next_try > next_try:
        healing.problems.append(f"the task ran again after {healing.next_try:.0f} s, not {next_try:.0f}")
    if complaint := audit(stack):
        healing.problems.append(complaint)
    healing.ended = datetime.now(UTC)
    return healing


def _look_back(stack: Stack, probes: Probes, found: list[Healing], *, waits_for_calm: bool) -> list[str]:
    """Fill in the incidents of each fault, once they are resolved; return what is wrong in the end."""
    problems = []
    if not wait(lambda: not probes.find_wrong(), ARRIVAL):
        problems += probes.find_wrong()
    began = found[0].began
    if waits_for_calm:
        wait(lambda: not any(map(is_open, list_incidents(stack, began, datetime.now(UTC)))), CALM)
    ends = [healing.began for healing in found[1:]] + [datetime.now(UTC)]
    for healing, end in zip(found, ends, strict=True):
        incidents = list_incidents(stack, healing.began, end)
        healing.incidents = [f"{kind} {subject}".strip() for kind, subject, _ in incidents]
        if waits_for_calm:
            healing.problems += [f"not resolved: {each}" for each in filter(is_open, incidents)]
    return problems + find_told_twice(stack) + list(filter(None, [audit(stack)]))


def is_open(incident: tuple[str, str, str]) -> bool:
    """Return whether an incident (kind, subject, state) is not resolved."""
    return incident[2] != "resolved"


def wait(what: Callable[[], object], seconds: float) -> bool:
    """Return whether `what` became true within `seconds`; while the database is away it is not."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(psycopg.OperationalError):
            if what():
                return True
        time.sleep(1)
    return False
