"""A BigQuery to test against: the emulator of .venv-emulator as a process of its own, and a way to it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from leadops.warehouse.open_warehouses import make_client
from leadops.warehouse.warehouse_settings import BigQuerySettings
from tests.cluster import free_port
from tests.waiting import wait_until

PYTHON = Path(__file__).parents[2] / ".venv-emulator" / "bin" / "python"
PROJECT = "trial"


def connection_to(url: str) -> dict[str, Any]:
    """The fields of an Airflow connection to the emulator."""
    return {"extra": {"project": PROJECT, "api_endpoint": url, "anonymous": True}}


def open_client(url: str) -> Any:
    return make_client(BigQuerySettings(kind="bigquery"), connection_to(url))


@contextmanager
def run_emulator(log: Path) -> Iterator[str]:
    """Yield the address of a running emulator."""
    assert PYTHON.exists(), "run `make install-emulator`"
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    program = [str(PYTHON), str(Path(__file__).with_name("run_emulator.py")), str(port), PROJECT]
    with (
        log.open("wb") as file,
        subprocess.Popen(program, stdout=file, stderr=file, cwd=log.parent) as process,
    ):
        try:
            wait_until(lambda: _answers(url))
            yield url
        finally:
            process.kill()


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/bigquery/v2/projects/{PROJECT}/datasets", timeout=5).ok
    except requests.RequestException:
        return False
