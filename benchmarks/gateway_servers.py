"""The processes that calls are sent to: the gateway, the bare endpoint, and one that does nothing."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests
import yaml

from benchmarks.arena import PATIENCE, Arena, free_port
from benchmarks.form_load import SECRET
from leadops.config.load_config import shipped_file
from leadops.settings import Endpoint
from leadops_sandbox.settings import Tokens

#: The write key of the gateway that is measured.
WRITE_KEY = "w" * 32


@dataclass(frozen=True)
class Server:
    """A process that answers at `url`, without a path."""

    url: str
    pid: int


@contextmanager
def run_gateway(
    arena: Arena, *, sandbox: Endpoint | None, limited: bool = True, core: int | None = None
) -> Iterator[Server]:
    """Run `leadops gateway`, on one `core` where one is given.

    Its outbox workers send to `sandbox`; without one they are off. With `limited` False there is no limit on
    the rate of forms and events.
    """
    port = free_port()
    values = {
        "LEADOPS_DATABASE_URL": arena.url,
        "LEADOPS_WRITE_KEY": WRITE_KEY,
        "LEADOPS_METRICS_TOKEN": "m" * 32,
        "LEADOPS_FORM_SECRETS": SECRET,
        **_connections(sandbox),
    }
    if not limited:
        values["LEADOPS_CONFIG_DIR"] = str(_write_settings(arena.folder / "unlimited"))
    command = [sys.executable, "-c", "from leadops.cli.app import run; run()", "gateway", "--port", str(port)]
    with _run(command, values, port, core) as server:
        yield server


@contextmanager
def run_bare(arena: Arena, *, core: int | None = None) -> Iterator[Server]:
    """Run the endpoint that writes one row."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.bare_endpoint", "--port", str(port), "--database", arena.url]
    with _run(command, {}, port, core) as server:
        yield server


@contextmanager
def run_silent() -> Iterator[Server]:
    """Run a server that takes every call and does nothing: what the load can send at most."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.silent_server", "--port", str(port)]
    with _run(command, {}, port, None) as server:
        yield server


@contextmanager
def _run(command: list[str], values: Mapping[str, str], port: int, core: int | None) -> Iterator[Server]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_CONN_LEADOPS_")}
    process = subprocess.Popen(command, env=ours | dict(values), stdout=subprocess.DEVNULL)
    try:
        if core is not None:
            os.sched_setaffinity(process.pid, {core})
        deadline = time.monotonic() + PATIENCE
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[-3:]} does not answer on port {port}")
            time.sleep(0.1)
        yield Server(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).ok
    except requests.RequestException:
        return False


def _connections(sandbox: Endpoint | None) -> dict[str, str]:
    if sandbox is None:
        return {}
    host = {"conn_type": "http", "host": "http://127.0.0.1", "port": urlsplit(sandbox.base_url).port}
    tokens = {"MA": Tokens().ma, "CRM": Tokens().crm}
    return {
        f"AIRFLOW_CONN_LEADOPS_{name}": json.dumps(host | {"password": token})
        for name, token in tokens.items()
    }


def _write_settings(folder: Path) -> Path:
    settings = yaml.safe_load(shipped_file("gateway").read_text(encoding="utf-8"))
    unlimited = {"events_per_second": 1e9, "burst": 1e9}
    settings["senders"] = settings["forms"]["signers"] = unlimited
    folder.mkdir(exist_ok=True)
    (folder / "gateway.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return folder
