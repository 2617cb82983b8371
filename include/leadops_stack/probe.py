"""A container's health check: `python -m leadops_stack.probe URL [COMPONENT]` ends with 0 when it is well."""

import http.client
import json
import sys
from urllib.parse import urlsplit

TIMEOUT = 20.0  # seconds


def is_well(url: str, component: str | None = None) -> bool:
    """Tell whether GET `url` gives 200 and, where an Airflow `component` is named, calls it healthy.

    Standard library only: it runs every few seconds.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT)
    try:
        connection.request("GET", parts.path or "/")
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != http.client.OK or component is None:
            return answer.status == http.client.OK
        return bool(json.loads(body)[component]["status"] == "healthy")
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not is_well(*sys.argv[1:3]))
