"""Redis on one machine, through which the scheduler hands tasks to Celery's workers."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from celery import Celery
from kombu.exceptions import OperationalError

from leadops.errors import ConfigError
from leadops_stack.ports import read_ports

#: What serves, the first that is there.
PROGRAMS = ("redis-server", "valkey-server")
#: Seconds that Redis or a worker has to answer. Without a limit, one that hangs would hang whoever asks.
PING = 2.0

# Whoever writes into the queue can run code in a worker: nobody gets in without the password, and only from
# this machine. Each task is on disk within a second, so that a killed Redis loses none.
SETTINGS = """\
bind 127.0.0.1
port {port}
requirepass {password}
daemonize no
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


def find_program() -> str:
    """Return the path of the server's program; raise ConfigError that says what to install."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if not found:
        raise ConfigError("the CeleryExecutor needs Redis: install redis-server (Debian), or valkey")
    return found


def write_settings(folder: Path, values: Mapping[str, str]) -> Path:
    """Write the server's settings into `folder`, mode 0600, and return where.

    The server keeps its data in the folder in which it starts.
    """
    port, password = read_ports(values)["LEADOPS_PORT_REDIS"], values["LEADOPS_REDIS_PASSWORD"]
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    path = folder / "redis.conf"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(SETTINGS.format(port=port, password=password))
    return path


def broker_url(values: Mapping[str, str]) -> str:
    """Return where the scheduler and the workers meet."""
    port, password = read_ports(values)["LEADOPS_PORT_REDIS"], values["LEADOPS_REDIS_PASSWORD"]
    return f"redis://:{password}@127.0.0.1:{port}/0"


def answers(url: str) -> Callable[[], bool]:
    """Return a check: does Redis take commands? It never takes long."""

    def ask(app: Celery) -> bool:
        with app.connection() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0)
        return True

    return lambda: _ask(url, ask)


def worker_answers(url: str, name: str) -> Callable[[], bool]:
    """Return a check: does the worker `name` take tasks from Redis? It never takes long."""
    return lambda: _ask(url, lambda app: bool(app.control.ping([f"celery@{name}"], timeout=PING)))


def _ask(url: str, question: Callable[[Celery], bool]) -> bool:
    """Return the answer to `question`, False where Redis gives none."""
    limits = {"socket_timeout": PING, "socket_connect_timeout": PING}
    with Celery(broker=url, set_as_current=False, broker_transport_options=limits) as app:
        try:
            return question(app)
        except (OperationalError, *app.connection().connection_errors):
            return False
