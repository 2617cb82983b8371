"""The parts of the stack, in the order in which they start."""

import os
import signal
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from leadops.cli.database_roles import read_roles
from leadops.db import connect
from leadops.errors import TransientError
from leadops.migrations.roles import grant_rights, make_roles
from leadops.migrations.run import migrate
from leadops.settings import DATABASE_URL, GATEWAY_URL, OWNER_URL, PAGE_URL
from leadops_stack.airflow_env import airflow_environment
from leadops_stack.airflow_reader import prepare_reader
from leadops_stack.databases import prepare_databases
from leadops_stack.executor import WORKERS, uses_celery
from leadops_stack.gateways import SHARED_PORT, list_gateways
from leadops_stack.health import airflow_beats, answers, get_json
from leadops_stack.home import Home
from leadops_stack.part import Part, Step, Wave
from leadops_stack.pools import prepare_pools, read_shards
from leadops_stack.ports import read_ports
from leadops_stack.postgres import PostgresServer
from leadops_stack.redis import answers as redis_answers
from leadops_stack.redis import broker_url, find_program, worker_answers, write_settings
from leadops_stack.variables import SUPERUSER, SUPERVISORS_OWN, uses_sandbox

#: Loaded once by what forks: scheduler and workers for their tasks, the dag-processor for each DAG file.
PRELOAD = (
    "airflow.providers.standard.operators.python airflow.dag_processing.dagbag leadops.orchestration.preload"
)

#: Seconds. Asked to stop, it waits ten for its runner whatever that does; a trigger that was cut off is
#: taken up again at the next start, so force does no harm.
TRIGGERER_GRACE = 2.0

#: Seconds that a worker has to finish its tasks; what is cut off then runs again at the next start.
WORKER_GRACE = 30.0

#: Simulated visitors: events a minute, and the seed that makes them the same each time.
TRAFFIC_RATE, TRAFFIC_SEED = 60, 1


def make_server(home: Home, values: Mapping[str, str]) -> PostgresServer:
    """Return the database server of `home`."""
    return PostgresServer(
        home.postgres,
        port=read_ports(values)["LEADOPS_PORT_POSTGRES"],
        user=SUPERUSER,
        password=values["LEADOPS_POSTGRES_PASSWORD"],
    )


#: How many waves of the plan bring up the database with its roles, and nothing else.
DATABASE_WAVES = 2


def make_plan(home: Home, values: Mapping[str, str], server: PostgresServer, *, now: datetime) -> list[Wave]:
    """Return the waves that bring up the stack of `home`.

    `values` are its variables, `server` is its prepared database, `now` the time in UTC.
    """
    ports = read_ports(values)
    airflow_port, gateway_port = ports["LEADOPS_PORT_AIRFLOW"], ports["LEADOPS_PORT_GATEWAY"]
    sandbox_port = ports["LEADOPS_PORT_SANDBOX"]
    env = {name: value for name, value in base_environment(values).items() if name not in SUPERVISORS_OWN}
    airflow_env = {**env, **airflow_environment(home, values)}
    gateway_env = {**env, DATABASE_URL: values[GATEWAY_URL]}

    def part(name: str, *command: str, env: Mapping[str, str] = env, **more: object) -> Part:
        return Part(name, command, home.root, env, **more)  # type: ignore[arg-type]

    def airflow(command: str, *arguments: str, name: str = "", **more: object) -> Part:
        own = {
            "scheduler": {"LEADOPS_PRELOAD": PRELOAD},
            "celery": {"LEADOPS_PRELOAD": PRELOAD},
            "dag-processor": {"LEADOPS_PRELOAD": PRELOAD},
            "api-server": {PAGE_URL: values[PAGE_URL]},
        }
        settings = {**airflow_env, **own.get(command, {})}
        line = (_script("airflow"), command, *arguments)
        return Part(name or command, line, home.root, settings, **more)  # type: ignore[arg-type]

    def beats(component: str) -> object:
        return airflow_beats(airflow_port, component, since=now)

    sandbox = part(
        "sandbox",
        *(sys.executable, "-m", "leadops_sandbox"),
        *("--port", str(sandbox_port), "--state", str(home.sandbox)),
        healthy=answers(sandbox_port, "/_state"),
        ready_text=f"MA, CRM and Slack stand-ins on http://127.0.0.1:{sandbox_port}",
    )
    traffic = part(
        "traffic",
        *(sys.executable, "-m", "leadops_sandbox.traffic", "--gateway", f"http://127.0.0.1:{gateway_port}"),
        *("--write-key-env", "LEADOPS_WRITE_KEY", "--form-secret-env", "LEADOPS_FORM_SECRETS"),
        *("--identity-secret-env", "LEADOPS_IDENTITY_SECRETS"),
        *("--seed", str(TRAFFIC_SEED), "--rate", str(TRAFFIC_RATE)),
        ready_text=f"simulated visitors, {TRAFFIC_RATE} events a minute",
    )
    with_sandbox, with_celery = uses_sandbox(values), uses_celery(values)
    workers = [
        airflow(
            "celery",
            *("worker", "--celery-hostname", worker, "--skip-serve-logs"),
            *("--pid", str(home.run / f"{worker}.celery")),
            name=worker,
            healthy=worker_answers(broker_url(values), worker),
            grace=WORKER_GRACE,
            ready_text="runs tasks",
        )
        for worker in (WORKERS if with_celery else ())
    ]
    gateways = [
        part(
            name,
            *(_script("leadops"), "gateway", "--port", str(gateway_port)),
            *(("--own-port", str(ports[port])) if port != SHARED_PORT else ()),
            env=gateway_env,
            healthy=answers(ports[port], "/healthz"),
            ready_text=f"events go to http://127.0.0.1:{gateway_port}/collect",
        )
        for name, port in list_gateways(values).items()
    ]
    return [
        Wave(parts=(_postgres(server, env),)),
        Wave(steps=(Step("databases", lambda: _prepare_databases(server, values)),)),
        Wave(
            parts=(
                airflow("db", "migrate", name="airflow-migrate", once=True, patience=300.0),
                *((sandbox,) if with_sandbox else ()),
                *((_redis(home, values),) if with_celery else ()),
            ),
            steps=(Step("leadops-migrate", lambda: _migrate(values)),),
        ),
        Wave(
            parts=(
                airflow(
                    "api-server",
                    healthy=answers(airflow_port, "/api/v2/version"),
                    ready_text=f"the Airflow UI on http://127.0.0.1:{airflow_port}",
                ),
                airflow("dag-processor", healthy=beats("dag_processor"), ready_text="reads dags/"),
                *gateways,
                part("live", _script("leadops"), "live", ready_text="scores and sends at once"),
            ),
            steps=(Step("airflow-reader", lambda: _prepare_reader(server, values)),),
        ),
        Wave(
            steps=(
                Step("execution", lambda: _warm_execution(airflow_port)),
                Step("pools", lambda: _prepare_pools(airflow_port, values)),
            )
        ),
        Wave(
            parts=(
                airflow(
                    "scheduler",
                    "--skip-serve-logs",
                    healthy=beats("scheduler"),
                    grace=30.0,
                    ready_text="runs the DAGs",
                ),
                *workers,
                airflow("triggerer", "--skip-serve-logs", healthy=beats("triggerer"), grace=TRIGGERER_GRACE),
                *((traffic,) if with_sandbox else ()),
            )
        ),
    ]


def base_environment(values: Mapping[str, str]) -> dict[str, str]:
    """Return our own environment with `values` over it, byte-code kept, and no proxy for this machine."""
    env = {**os.environ, **values}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # without .pyc files each process imports for 9 s instead of 2
    local = ",".join(filter(None, [env.get("NO_PROXY") or env.get("no_proxy"), "127.0.0.1", "localhost"]))
    return {**env, "PYTHONUNBUFFERED": "1", "NO_PROXY": local, "no_proxy": local}


def _postgres(server: PostgresServer, env: Mapping[str, str]) -> Part:
    command = ("postgres", "-c", "max_connections=200")
    return Part(
        "postgres",
        tuple(server.command(*command[1:])),
        server.place,
        {name: env[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in env},
        healthy=server.answers,
        ready_text=f"PostgreSQL on 127.0.0.1:{server.port}"
        + (f", as the account {server.account.name}" if server.account else ""),
        stop_signal=signal.SIGINT,
        grace=30.0,
        account=server.account,
    )


def _redis(home: Home, values: Mapping[str, str]) -> Part:
    return Part(
        "redis",
        (find_program(), str(write_settings(home.redis, values))),
        home.redis,
        {},
        healthy=redis_answers(broker_url(values)),
        ready_text=f"the workers' queue, on 127.0.0.1:{read_ports(values)['LEADOPS_PORT_REDIS']}",
    )


def _prepare_databases(server: PostgresServer, values: Mapping[str, str]) -> str:
    prepare_databases(server.url(), values)
    return "leadops and airflow, each with an owner; a role for each part"


def _prepare_reader(server: PostgresServer, values: Mapping[str, str]) -> str:
    prepare_reader(server.url("airflow"), values)
    return "the watchdog may see which tasks wait"


def _migrate(values: Mapping[str, str]) -> str:
    with connect(values[OWNER_URL]) as connection:
        applied = migrate(connection, is_offline=True)  # what works with it starts later
        make_roles(connection, read_roles(values))
        grant_rights(connection)
    return f"{len(applied)} new" if applied else "up to date"


def _warm_execution(port: int) -> str:
    """Make the first call of the execution interface, which takes longer than a task would wait.

    Raises TransientError where it does not answer in time; on a busy machine the second call does.
    """
    if get_json(port, "/execution/health") is None:
        raise TransientError("Airflow's API server does not answer /execution/health")
    return "answers"


def _prepare_pools(port: int, values: Mapping[str, str]) -> str:
    return prepare_pools(port, user="admin", password=values["LEADOPS_ADMIN_PASSWORD"], shards=read_shards())


def _script(name: str) -> str:
    return str(Path(sys.executable).parent / name)
