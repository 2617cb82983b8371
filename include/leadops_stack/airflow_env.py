"""Airflow's settings for one machine, as environment variables."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from leadops.settings import postgres_url
from leadops_stack.env_file import read_env
from leadops_stack.executor import EXECUTOR, WORKERS, choose_executor, uses_celery
from leadops_stack.home import Home
from leadops_stack.pools import read_shards
from leadops_stack.ports import read_ports
from leadops_stack.redis import broker_url
from leadops_stack.variables import AIRFLOW_ROLE

HERE = Path(__file__).parent

#: The settings that every installation shares, each with its reason.
SHARED = HERE / "airflow_shared.env"

#: Each user of the Airflow UI, its role and the variable with its password.
USERS = {"admin": ("admin", "LEADOPS_ADMIN_PASSWORD"), "viewer": ("viewer", "LEADOPS_VIEWER_PASSWORD")}


def airflow_environment(home: Home, values: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that every Airflow part of the stack is given beside `values`."""
    ports = read_ports(values)
    base_url = f"http://127.0.0.1:{ports['LEADOPS_PORT_AIRFLOW']}"
    database = postgres_url(
        user=AIRFLOW_ROLE,
        password=values["LEADOPS_AIRFLOW_DATABASE_PASSWORD"],
        host="127.0.0.1",
        port=ports["LEADOPS_PORT_POSTGRES"],
        database="airflow",
    ).replace("postgresql://", "postgresql+psycopg2://", 1)
    shared = read_env(SHARED)
    return {
        **shared,
        **_widen(shared, more=read_shards() - 1),
        "AIRFLOW_HOME": str(home.airflow),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home.project / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(home.project / "plugins"),
        EXECUTOR: choose_executor(values.get(EXECUTOR, "")),
        **({"AIRFLOW__CELERY__BROKER_URL": broker_url(values)} if uses_celery(values) else {}),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{base_url}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(
            f"{user}:{role}" for user, (role, _) in USERS.items()
        ),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords_file(home)),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "LEADOPS_AIRFLOW_DATABASE_URL": database,
        "LEADOPS_DISK_FOLDERS": os.pathsep.join(map(str, (home.postgres, home.logs))),
        "AIRFLOW__API__BASE_URL": base_url,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(ports["LEADOPS_PORT_AIRFLOW"]),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home.airflow / "logs"),
        "DO_NOT_TRACK": "1",
        # The second is where this code lies: the tasks run it, too, whatever else is installed.
        "PYTHONPATH": os.pathsep.join(map(str, (HERE / "airflow_settings", HERE.parent))),
    }


def _widen(shared: Mapping[str, str], *, more: int) -> dict[str, str]:
    """Return the settings that let `more` tasks run at once than the shared ones; two workers divide them."""
    parallelism = int(shared["AIRFLOW__CORE__PARALLELISM"]) + more
    return {
        "AIRFLOW__CORE__PARALLELISM": str(parallelism),
        "AIRFLOW__CELERY__WORKER_CONCURRENCY": str(-(-parallelism // len(WORKERS))),
    }


def passwords_file(home: Home) -> Path:
    """Return where the UI's passwords lie."""
    return home.airflow / "passwords.json"


def write_passwords(path: Path, values: Mapping[str, str]) -> None:
    """Write the UI's passwords to `path` as Airflow reads them, mode 0600."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(json.dumps({user: values[variable] for user, (_, variable) in USERS.items()}))
