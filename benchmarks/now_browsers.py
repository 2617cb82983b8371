"""What the page Now costs the running stack while browsers have it open."""

import threading
import time

import httpx

from benchmarks.figures import Figure, Measured
from benchmarks.whole_stack import Stack
from leadops_stack.cpu import cpu_seconds_by_part
from leadops_stack.ports import read_ports

#: Browsers of the target, and how many times as many are measured: tasks cost the api-server more than ten.
BROWSERS, TIMES = 10, 20
#: Seconds between two readings of a browser, as in static/pages/now.js.
RENEW_SECONDS = 10.0
#: The parts that a reading costs.
PARTS = ("api-server", "postgres")


def measure_now_browsers(stack: Stack, *, quick: bool) -> Measured:
    """Compare minutes in which many browsers have the page open with the minutes between.

    Fails if one reading is refused.
    """
    minutes = 1 if quick else 3
    url = f"http://127.0.0.1:{read_ports(stack.values)['LEADOPS_PORT_AIRFLOW']}"
    login = {"username": "admin", "password": stack.values["LEADOPS_ADMIN_PASSWORD"]}
    token = httpx.post(f"{url}/auth/token", json=login, timeout=60).json()["access_token"]
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        client.get("/leadops/api/now").raise_for_status()
        idle = _spend(stack, minutes)
        stop = threading.Event()
        answers: list[int] = []
        poll = threading.Thread(target=_poll, args=(client, stop, answers))
        poll.start()
        try:
            busy = _spend(stack, minutes)
        finally:
            stop.set()
            poll.join()
    if set(answers) != {200}:
        raise RuntimeError(f"readings were refused: {set(answers)}")
    spent = {part: max(0.0, busy[part] - idle[part]) for part in PARTS}
    # The database is read once for all; what each browser costs by itself is Airflow's part. A busy machine
    # reads less often than asked, so what counts are the readings.
    share = BROWSERS * 60 / RENEW_SECONDS / (len(answers) / minutes)
    ten = spent["api-server"] * share + spent["postgres"]
    return Measured(
        figures=[
            Figure("ten browsers", ten, "CPU-s a minute", "under", 1),
            Figure("of it, the api-server", spent["api-server"] * share, "CPU-s a minute"),
            Figure("of it, the database", spent["postgres"], "CPU-s a minute"),
            Figure("readings", len(answers) / minutes, "a minute"),
        ],
        remarks=[f"{len(answers):,} readings in {minutes} minutes; ten browsers make 60 a minute."],
    )


def _spend(stack: Stack, minutes: int) -> dict[str, float]:
    """Return the CPU-seconds a minute of each part while this waits."""
    before, started = cpu_seconds_by_part(stack.home), time.monotonic()
    time.sleep(60 * minutes)
    passed = (time.monotonic() - started) / 60
    after = cpu_seconds_by_part(stack.home)
    return {part: (after[part] - before[part]) / passed for part in PARTS}


def _poll(client: httpx.Client, stop: threading.Event, answers: list[int]) -> None:
    """Read the page as often as all browsers together do, until `stop`."""
    pause = RENEW_SECONDS / (BROWSERS * TIMES)
    while not stop.wait(pause):
        answers.append(client.get("/leadops/api/now").status_code)
