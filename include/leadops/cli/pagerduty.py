"""PagerDuty for the command line, from AIRFLOW_CONN_LEADOPS_PAGERDUTY; tasks read the Airflow connection."""

import json
import os
from collections.abc import Mapping

from leadops.clients.pagerduty import Pager, open_pager_of
from leadops.errors import ConfigError

VARIABLE = "AIRFLOW_CONN_LEADOPS_PAGERDUTY"


def open_pager(environ: Mapping[str, str] = os.environ) -> Pager | None:
    """Return PagerDuty of the connection in `environ`; None where there is none.

    Raises ConfigError when the variable is not a connection in JSON.
    """
    text = environ.get(VARIABLE, "")
    if not text:
        return None
    try:
        connection = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{VARIABLE} is not a connection in JSON; see docs/configuration.md") from error
    if not isinstance(connection, dict):
        raise ConfigError(f"{VARIABLE} is not a connection in JSON; see docs/configuration.md")
    return open_pager_of(connection)
