"""A bulk call as a careless client makes it: no retry, no record, an error ends everything."""

import requests

from leadops.delivery.delivery_settings import BULK_LIMIT
from leadops.settings import Endpoint

#: Deltas in one call, the same for all three ways.
BATCH = BULK_LIMIT


def open_session(endpoint: Endpoint) -> requests.Session:
    """Return a kept-alive session; like leadops' own it looks for no proxies at each call."""
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {endpoint.token}"
    return session


def post(session: requests.Session, endpoint: Endpoint, body: bytes, *, key: str) -> None:
    """Post one bulk call; raise where it is refused."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    url = f"{endpoint.base_url}/api/bulk/update_scores"
    session.post(url, data=body, headers=headers, timeout=60).raise_for_status()
