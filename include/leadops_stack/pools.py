"""The Airflow pools that the DAGs' tasks run in."""

import http.client
import json
from typing import Any

from leadops.configuration import Config
from leadops.errors import ConfigError, LeadopsError, TransientError

#: The pools that the DAGs name: slots and what they are for. Together as many as the stack runs at once, so
#: that neither a backfill nor a long night keeps the minute waiting. Each push at once takes one more.
EVERY_MINUTE = "leadops"
POOLS = {
    EVERY_MINUTE: (3, "Tasks of every minute"),
    "leadops_daily": (1, "Daily tasks, one at a time"),
}

TIMEOUT = 20.0  # seconds


def read_shards() -> int:
    """Return how many tasks push at once: `shards` of delivery.yaml, 1 where that file is refused."""
    try:
        return Config.from_environment().delivery.shards
    except ConfigError:
        return 1


def prepare_pools(port: int, *, user: str, password: str, shards: int) -> str:
    """Make the pools that are missing; return what was done.

    One that is there keeps its slots, unless several `shards` push at once and would wait for each other.

    Raises LeadopsError when the API server on 127.0.0.1:`port` refuses, TransientError when it does not
    answer in time or is in trouble (5xx): the same call may work later.
    """
    status, answer = _call(port, "POST", "/auth/token", {"username": user, "password": password})
    if status not in (http.client.OK, http.client.CREATED):
        raise LeadopsError(f"Airflow refuses the password of {user} ({status}); see the api-server's log")
    done = []
    for name, (fewest, description) in POOLS.items():
        more = shards - 1 if name == EVERY_MINUTE else 0
        slots, path = fewest + more, f"/api/v2/pools/{name}"
        # Looked for first: making one that is there leaves a page of traceback in the API server's log.
        status, found = _call(port, "GET", path, token=answer["access_token"])
        if status == http.client.OK and (not more or found["slots"] >= slots):
            done.append(f"{name} is there")
            continue
        if status == http.client.OK:
            method, path = "PATCH", f"{path}?update_mask=slots"
            body: dict[str, Any] = {"slots": slots}
        else:
            method, path = "POST", "/api/v2/pools"
            body = {"name": name, "slots": slots, "description": description}
        status, _ = _call(port, method, path, body, token=answer["access_token"])
        if status not in (http.client.OK, http.client.CREATED):
            raise LeadopsError(f"Airflow does not make the pool {name} ({status}); see the api-server's log")
        done.append(f"{name}, {slots} slot{'' if slots == 1 else 's'}")
    return "; ".join(done)


def _call(
    port: int, method: str, path: str, body: dict[str, Any] | None = None, *, token: str = ""
) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status >= http.client.INTERNAL_SERVER_ERROR:
            raise TransientError(f"Airflow's API server answers {path} with {answer.status}")
        return answer.status, json.loads(content or b"null")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise TransientError(f"Airflow's API server does not answer {path}: {error}") from error
    finally:
        connection.close()
