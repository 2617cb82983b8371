"""The Airflow pool that the DAGs' tasks run in."""

import http.client
import json
from typing import Any

from leadops.errors import LeadopsError

#: The pool that the DAGs name, and its slots: one fewer than the stack runs at once, so that a backfill of
#: ours never keeps out every other DAG.
POOL, SLOTS = "leadops", 3

TIMEOUT = 20.0  # seconds


def prepare_pool(port: int, *, user: str, password: str) -> str:
    """Make the pool where it is missing; one that is there keeps its slots. Return what was done.

    Raises LeadopsError when the API server on 127.0.0.1:`port` refuses.
    """
    status, answer = _call(port, "POST", "/auth/token", {"username": user, "password": password})
    if status not in (http.client.OK, http.client.CREATED):
        raise LeadopsError(f"Airflow refuses the password of {user} ({status}); see the api-server's log")
    pool = {"name": POOL, "slots": SLOTS, "description": "All tasks of leadops"}
    status, _ = _call(port, "POST", "/api/v2/pools", pool, token=answer["access_token"])
    if status == http.client.CREATED:
        return f"{POOL}, {SLOTS} slots"
    if status == http.client.CONFLICT:
        return f"{POOL} is there"
    raise LeadopsError(f"Airflow does not make the pool {POOL} ({status}); see the api-server's log")


def _call(port: int, method: str, path: str, body: dict[str, Any], *, token: str = "") -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    try:
        connection.request(method, path, json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise LeadopsError(f"Airflow's API server does not answer {path}: {error}") from error
    finally:
        connection.close()
