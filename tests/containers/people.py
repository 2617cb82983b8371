"""People who fill in a form and look at a price: each must be one lead in MA and CRM, with the same score."""

import json
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import httpx

from leadops_sandbox.traffic.forms import sign_form, write_form
from tests.containers.stack import ContainerStack
from tests.plain_http import NO_TLS
from tests.waiting import wait_until

#: Prints what the sandbox answers at the path argv[1].
LOOK = """
import sys, urllib.request
print(urllib.request.urlopen("http://127.0.0.1:8082" + sys.argv[1], timeout=10).read().decode())
"""
#: Prints by which ids the MA and the CRM know the canary, one system and id in a line.
CANARIES = """
import os, psycopg
with psycopg.connect(os.environ["LEADOPS_DATABASE_URL"]) as connection:
    for target, external_id in connection.execute(
        "select known.target, known.external_id from delivery.external_ids as known"
        " inner join identity.canary_leads as canaries on known.lead_id = canaries.lead_id"
    ):
        print(target, external_id)
"""
#: Seconds. The gateway may be away for as long as it takes to start again.
PATIENCE = 300.0


def send_person(stack: ContainerStack, number: int) -> None:
    """Send person `number`'s form and event until the gateway takes them, as the server of a site does."""
    person = {
        "ts": datetime.now(UTC).isoformat(),
        "anonymous_id": f"visitor-{number}",
        "email": f"ann{number}@visit{number}.example",
        "context": {"page": "https://www.example.com/pricing"},
    }
    form = write_form({"event_id": f"form-{number}", "event": "submit_form", **person})
    event = {"event_id": f"visit-{number}", "event": "view_pricing", **person}

    def send_form() -> bool:
        signed = sign_form(form, secret=stack.values["LEADOPS_FORM_SECRETS"], at=datetime.now(UTC))
        return _is_taken(f"{stack.url('gateway')}/webhook/form", content=form, headers=signed)

    def send_event() -> bool:
        key = {"X-Write-Key": stack.values["LEADOPS_WRITE_KEY"]}
        return _is_taken(f"{stack.url('gateway')}/collect", json=event, headers=key)

    for send in (send_form, send_event):
        wait_until(send, seconds=PATIENCE, pause=0.5)


def _is_taken(url: str, **more: object) -> bool:
    try:
        answer = httpx.post(url, timeout=10, **more, verify=NO_TLS)  # type: ignore[arg-type]
    except httpx.TransportError:
        return False
    if answer.is_client_error:
        raise AssertionError(f"{url} answers {answer.status_code}: {answer.text}")
    return answer.is_success


def _look(stack: ContainerStack, path: str) -> Any:
    """Return what the sandbox says at `path`, None where it does not answer.

    It tells what it holds only to callers of its own machine.
    """
    code, told = stack.say("sandbox", "python", "-c", LOOK, path)
    return None if code else json.loads(told)


def _list_canaries(stack: ContainerStack) -> set[tuple[str, str]] | None:
    """Return target and id of the canary's records; None where the scheduler does not answer."""
    code, told = stack.say("scheduler", "python", "-c", CANARIES)
    if code:
        return None
    return {(target, name) for target, name in (line.split(" ", 1) for line in told.splitlines())}


def count_leads(stack: ContainerStack) -> tuple[int, int]:
    """Return how many leads MA and CRM have, without the canary; (-1, -1) while one does not answer."""
    state, canaries = _look(stack, "/_state"), _list_canaries(stack)
    if state is None or canaries is None:
        return (-1, -1)
    targets = Counter(target for target, _ in canaries)
    return (state["ma"]["leads"] - targets["ma"], state["crm"]["leads"] - targets["crm"])


def list_scores(stack: ContainerStack) -> list[int]:
    """Return the sum of what the MA has applied to each lead that got points, without the canary."""
    canaries = _list_canaries(stack) or ()
    sums: Counter[str] = Counter()
    applied = _look(stack, "/_state/ma/applied")
    for delta in applied["items"] if applied else ():
        if ("ma", str(delta["leadId"])) in canaries:
            continue
        sums[delta["leadId"]] += delta["delta"]
    return sorted(sums.values())


def wait_for_people(stack: ContainerStack, count: int, *, seconds: float) -> float:
    """Wait until `count` people are leads in MA and CRM with one score for all; return the seconds it took.

    Raises AssertionError with what is there instead.
    """
    started = time.monotonic()

    def have_arrived() -> bool:
        if count_leads(stack) != (count, count):
            return False
        scores = list_scores(stack)
        return len(scores) == count and len(set(scores)) == 1 and scores[0] > 0

    try:
        wait_until(have_arrived, seconds=seconds, pause=1)
    except AssertionError as error:
        there = f"{count_leads(stack)} leads in MA and CRM, with the scores {list_scores(stack)}"
        raise AssertionError(f"{count} people were sent; there are {there}") from error
    return time.monotonic() - started
