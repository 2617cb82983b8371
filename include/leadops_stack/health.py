"""Asks a part over HTTP whether it is well."""

import http.client
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

#: Seconds; the first call of Airflow's execution interface takes ten, and half a minute on a busy machine.
TIMEOUT = 20.0


def get_json(port: int, path: str) -> Any:
    """Return what 127.0.0.1:`port` answers to GET `path` with 200, as JSON; None for anything else."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        return json.loads(body) if answer.status == http.client.OK else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def answers(port: int, path: str) -> Callable[[], bool]:
    """Return a check: does GET `path` give 200 and JSON?"""
    return lambda: get_json(port, path) is not None


def airflow_beats(port: int, component: str, *, since: datetime) -> Callable[[], bool]:
    """Return a check: has `component` (scheduler, triggerer, dag_processor) given a sign after `since`?"""

    def check() -> bool:
        told = (get_json(port, "/api/v2/monitor/health") or {}).get(component) or {}
        beat = told.get(f"latest_{component}_heartbeat")
        return beat is not None and datetime.fromisoformat(beat) >= since

    return check
