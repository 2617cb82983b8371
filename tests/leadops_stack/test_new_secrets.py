"""Every secret of a stack is replaced at once, as docs/secrets.md says for `make up`, while people go on."""

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg import sql

from leadops_stack.databases import PASSWORDS
from leadops_stack.env_file import write_env
from leadops_stack.ports import DEFAULT_PORTS
from leadops_stack.variables import SUPERUSER, fresh_secrets
from tests.cluster import free_port
from tests.kill_matrix.airflow_tasks import open_airflow_database
from tests.kill_matrix.healing import audit
from tests.kill_matrix.matrix import wait
from tests.kill_matrix.probes import Probes
from tests.plain_http import NO_TLS
from tests.promises import IS_LONG
from tests.running_stack import Stack, run_stack

pytestmark = pytest.mark.skipif(not IS_LONG, reason="starts a stack twice: `make test-long`")

#: Secrets of which callers keep the old one for a while, and those of which the old one is kept for good.
TWO_AT_ONCE = {
    *("LEADOPS_WRITE_KEY", "LEADOPS_FORM_SECRETS", "LEADOPS_IDENTITY_SECRETS"),
    *("LEADOPS_ERASURE_KEY", "AIRFLOW__CORE__FERNET_KEY"),
}


def replace_all(values: Mapping[str, str]) -> dict[str, str]:
    """Return a new value for each secret, and the URLs and connections that contain the old one."""
    fresh = fresh_secrets()
    changed = {name: f"{new},{values[name]}" if name in TWO_AT_ONCE else new for name, new in fresh.items()}
    for name, text in values.items():
        if name not in changed:
            for secret, new in fresh.items():
                text = text.replace(values[secret], new)
            if text != values[name]:
                changed[name] = text
    return changed


def change_superuser(stack: Stack, password: str) -> None:
    with open_airflow_database(stack) as connection:
        statement = sql.SQL("alter role {} password {}")
        connection.execute(statement.format(sql.Identifier(SUPERUSER), sql.Literal(password)))


def log_in(stack: Stack, password: str) -> int:
    login = {"username": "admin", "password": password}
    return httpx.post(f"{stack.airflow_url}/auth/token", json=login, timeout=60, verify=NO_TLS).status_code


def test_every_secret_is_replaced_and_nothing_is_lost() -> None:
    with tempfile.TemporaryDirectory(prefix="leadops-secrets-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        variables = {name: str(free_port()) for name in DEFAULT_PORTS} | {"AIRFLOW__CORE__EXECUTOR": "celery"}
        with run_stack(root, variables) as stack:
            former = dict(stack.values)
            probes = Probes(stack)
            probes.start()
            assert wait(lambda: probes.arrived(since=0.0), 600)
            changed = replace_all(former)
            assert len(changed) > 25, "fewer secrets than there are"
            change_superuser(stack, changed["LEADOPS_POSTGRES_PASSWORD"])
            write_env(stack.home.env_file, changed)
        with run_stack(root) as stack:
            assert {name: stack.values[name] for name in changed} == changed
            probes.follow(stack)
            started = time.monotonic()
            assert wait(lambda: probes.arrived(since=started), 600), stack.shown()
            assert log_in(stack, former["LEADOPS_ADMIN_PASSWORD"]) == 401
            assert log_in(stack, changed["LEADOPS_ADMIN_PASSWORD"]) in (200, 201)
            for role, variable in PASSWORDS.items():
                with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                    psycopg.connect(
                        host="127.0.0.1",
                        port=int(stack.values["LEADOPS_PORT_POSTGRES"]),
                        user=role,
                        password=former[variable],
                        dbname="leadops",
                    )
            probes.end()
            assert wait(lambda: not probes.find_wrong(), 300), probes.find_wrong()
            assert audit(stack) is None
