import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from leadops_sandbox.serve import listen
from leadops_sandbox.settings import Tokens
from tests.waiting import PATIENCE, wait_until

from ..conftest import free_port


@contextmanager
def process(state: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run the sandbox as a process of its own, from the moment it answers."""
    command = [sys.executable, "-m", "leadops_sandbox", "--port", str(port), "--state", str(state)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW_CONN_")}
    running = subprocess.Popen(command, env=environment)
    try:
        wait_for(f"http://127.0.0.1:{port}/_state", running)
        yield running
    finally:
        running.kill()
        running.wait(timeout=60)


def wait_for(url: str, running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and running.poll() is None:
        try:
            requests.get(url, timeout=PATIENCE)
        except requests.ConnectionError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("the sandbox did not start")


def test_killing_it_loses_nothing_answered_and_halves_no_batch(tmp_path: Path) -> None:
    port = free_port()
    url, ma = f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {Tokens().ma}"}

    def batch(number: int, lead: int) -> dict[str, Any]:
        rows = [
            {"deltaId": f"{number}-{row}", "leadId": lead, "delta": 1, "reason": "r" * 200}
            for row in range(500)
        ]
        return {"updates": rows}

    with process(tmp_path, port) as running:
        email = {"email": "one@a.example"}
        lead = requests.post(f"{url}/api/leads", json=email, headers=ma, timeout=60).json()["leadId"]
        answers: list[bytes] = []

        def push() -> None:
            session = requests.Session()
            try:
                while True:
                    number = len(answers)
                    headers = ma | {"Idempotency-Key": f"key-{number}"}
                    body = batch(number, lead)
                    answer = session.post(
                        f"{url}/api/bulk/update_scores", json=body, headers=headers, timeout=60
                    )
                    answers.append(answer.content)
            except requests.RequestException:
                return

        pushing = threading.Thread(target=push)
        pushing.start()
        wait_until(lambda: len(answers) >= 20)
        os.kill(running.pid, signal.SIGKILL)
        pushing.join(timeout=PATIENCE)

    with process(tmp_path, port):
        state = requests.get(f"{url}/_state", timeout=60).json()["ma"]
        assert len(answers) >= 20
        assert state["deltas_applied"] in (500 * len(answers), 500 * (len(answers) + 1))
        assert state["sum_of_scores"] == state["deltas_applied"]
        for number in (0, len(answers) - 1):
            headers = ma | {"Idempotency-Key": f"key-{number}"}
            body = batch(number, lead)
            again = requests.post(f"{url}/api/bulk/update_scores", json=body, headers=headers, timeout=60)
            assert again.content == answers[number]
        assert requests.get(f"{url}/_state", timeout=60).json()["ma"]["duplicates_refused"] == 0


def test_it_stops_at_once_even_while_a_connection_hangs(tmp_path: Path) -> None:
    port = free_port()
    with process(tmp_path, port) as running:
        url = f"http://127.0.0.1:{port}"
        fault = {"target": "crm", "kind": "timeout_before"}
        assert requests.post(f"{url}/_faults", json=fault, timeout=60).status_code == 201

        def hang() -> None:
            try:
                requests.get(f"{url}/v1/reps", timeout=2 * PATIENCE)
            except requests.ConnectionError:
                return

        hanging = threading.Thread(target=hang)
        hanging.start()
        wait_until(lambda: requests.get(f"{url}/_state", timeout=60).json()["faults"])
        running.send_signal(signal.SIGTERM)
        running.wait(timeout=PATIENCE)  # the caller would wait longer
        hanging.join(timeout=PATIENCE)
        assert not hanging.is_alive()


def test_a_folder_in_use_is_named_on_one_line(tmp_path: Path) -> None:
    with process(tmp_path, free_port()):
        command = [sys.executable, "-m", "leadops_sandbox", "--port", "1", "--state", str(tmp_path)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 1
    assert second.stderr == f"sandbox: {tmp_path} is in use by another sandbox; give each its own\n"


def test_a_port_in_use_is_named_on_one_line(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "leadops_sandbox", "--port", port, "--state", str(tmp_path)]
        refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"sandbox: cannot listen on 127.0.0.1:{port} (")
    assert refused.stderr.endswith("choose another --port\n")


def test_a_product_that_does_not_exist_is_named_on_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "leadops_sandbox", "--port", "1", "--state", str(tmp_path)]
    environment = dict(os.environ) | {"LEADOPS_SANDBOX_PRODUCT": "sugar"}
    refused = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert refused.returncode == 1
    assert refused.stderr.startswith("sandbox: no product is called 'sugar'; choose one of hubspot")
    assert refused.stderr.count("\n") == 1
