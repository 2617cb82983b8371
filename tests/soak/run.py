"""Runs a soak on a stack of its own: people, faults, healing, and the comparison in the end."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import httpx
import psutil

from tests.kill_matrix.faults import FAULTS, change_dag, fill_disk, set_faults
from tests.kill_matrix.healing import Healing, audit, find_told_twice
from tests.kill_matrix.matrix import LIMIT, strike, wait
from tests.kill_matrix.probes import Probes, read_pages
from tests.kill_matrix.processes import list_parts
from tests.plain_http import NO_TLS
from tests.running_stack import Stack
from tests.soak.memory import MemorySample, measure_growth
from tests.soak.oracle import Verdict, World, compare_world, read_database
from tests.soak.people import People
from tests.soak.plan import draw_plan, draw_small_faults
from tests.soak.report import SoakResult

#: Seconds between two looks at the memory; until a process has warmed up; in which all must have arrived.
LOOK, WARM, ARRIVAL = 5.0, 600.0, 600.0


class MemoryWatch(threading.Thread):
    """Looks at the memory of each part's process until it is ended."""

    def __init__(self, stack: Stack) -> None:
        super().__init__(daemon=True)
        self._stack, self._ended = stack, threading.Event()
        self.samples: list[MemorySample] = []

    def run(self) -> None:
        """Take a sample of each part every few seconds."""
        while not self._ended.wait(LOOK):
            for part, pid in list_parts(self._stack).items():
                with suppress(psutil.Error):
                    resident = psutil.Process(pid).memory_info().rss
                    self.samples.append(MemorySample(time.monotonic(), part, pid, resident))

    def end(self) -> None:
        """Take no more samples."""
        self._ended.set()
        self.join()


def soak(stack: Stack, *, minutes: float, seed: int, executor: str, say: Callable[[str], None]) -> SoakResult:
    """Let people and faults have the running stack for `minutes`; return what it came to."""
    by_name = {
        fault.name: fault
        for fault in FAULTS
        if executor in fault.executors
        and fault.act not in (fill_disk, change_dag)
        and not fault.name.startswith("nothing")
    }
    small = draw_small_faults(seed)
    probes, watch = Probes(stack), MemoryWatch(stack)
    people = People(
        stack.gateway_url,
        write_key=stack.values["LEADOPS_WRITE_KEY"],
        form_secret=stack.values["LEADOPS_FORM_SECRETS"],
    )
    healings: list[Healing] = []
    until = time.monotonic() + minutes * 60
    for thread in (probes, people, watch):
        thread.start()
    wait(lambda: probes.arrived(since=0.0), LIMIT)
    for planned in draw_plan(seed, sorted(by_name)):
        set_faults(stack, small)  # a sandbox that was killed has none
        time.sleep(planned.pause)
        if time.monotonic() >= until:
            break
        healings.append(strike(stack, probes, by_name[planned.name], executor=executor))
        say(f"{planned.name}: all as before after {max(healings[-1].whole, healings[-1].dags):.0f} s")
    met = read_state(stack)["faults"]
    set_faults(stack, ())
    people.end(limit=ARRIVAL)
    probes.end()
    verdict = _await_verdict(stack, people)
    watch.end()
    whole = [person for person in people.sent if person.is_whole]
    return SoakResult(
        minutes=minutes,
        seed=seed,
        executor=executor,
        events=sum(len(person.accepted) for person in whole) - sum(person.sent_a_form for person in whole),
        forms=sum(person.sent_a_form for person in whole),
        repeats=people.repeats,
        deltas=read_state(stack)["ma"]["deltas_applied"],
        small_faults=met,
        healings=healings,
        verdict=verdict,
        growths=measure_growth(watch.samples, warm=min(WARM, minutes * 60 / 3)),
        wrong=[
            *people.find_unfinished(),
            *probes.find_wrong(),
            *find_told_twice(stack),
            *filter(None, [audit(stack)]),
        ],
    )


def _await_verdict(stack: Stack, people: People) -> Verdict:
    """Return the verdict once all is right, or after ten minutes as it then is."""
    verdict = Verdict(lost=["nothing could be read"])

    def is_right() -> bool:
        nonlocal verdict
        verdict = compare_world(people.sent, read_world(stack))
        return verdict.is_right

    wait(is_right, ARRIVAL)
    return verdict


def read_world(stack: Stack) -> World:
    """Return what the database, the MA and the CRM have."""
    booked, stored = read_database(stack.database_url)
    ma = {
        str(item["email"]): int(str(item["score"]))
        for item in read_pages(stack, "/api/leads", stack.values["LEADOPS_MA_TOKEN"])
    }
    crm: dict[str, list[bool | None]] = {}
    for item in read_pages(stack, "/v1/leads", stack.values["LEADOPS_CRM_TOKEN"]):
        may_mail = item.get("may_mail")
        crm.setdefault(str(item["email"]), []).append(None if may_mail is None else bool(may_mail))
    return World(booked, stored, ma, crm)


def read_state(stack: Stack) -> dict[str, dict[str, int]]:
    """Return the totals of the sandbox."""
    state: dict[str, dict[str, int]] = httpx.get(
        f"{stack.sandbox_url}/_state", timeout=30, verify=NO_TLS
    ).json()
    return state
