"""Brings the stack up, watches it, and takes it down."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from leadops.cli.watchdog import make_watchdog_config
from leadops.db import connect
from leadops.db_errors import database_errors_in_one_line
from leadops.errors import LeadopsError
from leadops.watchdog.airflow_queue import limit_statements
from leadops.watchdog.watchdog_thread import WatchdogThread
from leadops_stack.airflow_env import airflow_environment, passwords_file, write_passwords
from leadops_stack.home import Home
from leadops_stack.minute import read_first_push, read_minute
from leadops_stack.past_part import PastPart
from leadops_stack.plan import DATABASE_WAVES, make_plan, make_server
from leadops_stack.ports import check_free, read_ports
from leadops_stack.restarts import SchedulerRestarts
from leadops_stack.screen import Screen
from leadops_stack.single import ready_file, release_lock, supervisor, take_lock
from leadops_stack.stop import stop_record
from leadops_stack.supervisor import Supervisor
from leadops_stack.variables import needed_ports, prepare_variables, uses_sandbox

#: Seconds between two lines about the last minute, and between two looks for the first score.
MINUTE, LOOK = 60.0, 5.0
#: Seconds that the watchdog has to end; nothing is lost where it is cut off.
WATCHDOG_SECONDS = 1.0


def up(home: Home, screen: Screen) -> int:
    """Start everything and run until asked to stop; return the exit code.

    Raises LeadopsError, after everything is stopped again, when a part does not start.
    """
    return _run_alone(home, screen, lambda: _run(home, screen))


def database(home: Home, screen: Screen) -> int:
    """Start PostgreSQL alone, with databases and roles, until asked to stop; return the exit code.

    Nothing sends then, so a backup can be restored. Raises what `up` raises.
    """
    return _run_alone(home, screen, lambda: _run_database(home, screen))


def down(home: Home, screen: Screen) -> int:
    """Stop the stack of `home`, whoever started it; return the exit code."""
    running = supervisor(home)
    if running:
        with screen.step("stopping") as texts:
            stop_record(running)
            texts.append(f"process {running.pid} and its parts")
    elif not home.run.is_dir():
        screen.say("nothing is running")
        return 0
    lock = take_lock(home, screen)
    if lock is None:
        raise LeadopsError(f"another process holds {home.run / 'lock'}; try again")
    release_lock(home, lock)
    screen.say("nothing is running now")
    return 0


def _run_alone(home: Home, screen: Screen, run: Callable[[], int]) -> int:
    home.make()
    lock = take_lock(home, screen)
    if lock is None:
        running = supervisor(home)
        screen.say(
            f"the stack of {home.root} is running already"
            + (f" (process {running.pid})" if running else "")
            + "; stop it with `make down`, look at it with `make status`"
        )
        return 1
    try:
        return run()
    finally:
        release_lock(home, lock)


def _run_database(home: Home, screen: Screen) -> int:
    values = prepare_variables(home)
    check_free(read_ports(values), ["LEADOPS_PORT_POSTGRES"])
    running = Supervisor(run=home.run, logs=home.logs, screen=screen)
    running.stopping.listen()
    try:
        server = make_server(home, values)
        server.prepare()
        if running.start(make_plan(home, values, server, now=datetime.now(UTC))[:DATABASE_WAVES]):
            screen.say(
                "\nonly the database runs, and nothing sends\n"
                f"  as superuser  postgresql://{server.user}:$LEADOPS_POSTGRES_PASSWORD@127.0.0.1:{server.port}/postgres\n"
                f"  programs      {server.programs}\n"
                "stop with Ctrl-C, or with `make down` from another terminal\n"
            )
            running.watch(every=LOOK, tick=lambda: None)
    finally:
        running.stop()
    return 0


def _run(home: Home, screen: Screen) -> int:
    started = float(os.environ.get("LEADOPS_STARTED_AT") or time.time())
    values = prepare_variables(home)
    check_free(read_ports(values), needed_ports(values))
    write_passwords(passwords_file(home), values)
    running = Supervisor(run=home.run, logs=home.logs, screen=screen)
    running.stopping.listen()
    try:
        server = make_server(home, values)
        with screen.step("cluster") as texts:
            server.prepare()
            texts.append(str(server.place))
        now = datetime.now(UTC)
        if running.start(make_plan(home, values, server, now=now)):
            ready_file(home).write_text(now.isoformat())
            _say_ready(home, values, screen, seconds=time.time() - started)
            with _watchdog(home, values, running):
                past = PastPart(home, values, running, screen)
                _watch(running, values, screen, since=now, started=started, past=past)
    finally:
        if running.children:
            screen.say("stopping …")
        running.stop()
    return 0


@contextmanager
def _watchdog(home: Home, values: Mapping[str, str], running: Supervisor) -> Iterator[None]:
    """Watch, while the block runs, whether tasks run; the scheduler is restarted when they stand still."""
    environ = {**os.environ, **values, **airflow_environment(home, values)}
    restarts = SchedulerRestarts(running)
    thread = WatchdogThread(make_watchdog_config("supervisor", environ, act=restarts.restart))
    thread.start()
    try:
        yield
    finally:
        thread.stop(seconds=WATCHDOG_SECONDS)


def _watch(
    running: Supervisor,
    values: Mapping[str, str],
    screen: Screen,
    *,
    since: datetime,
    started: float,
    past: PastPart,
) -> None:
    next_line, first_push = time.monotonic() + MINUTE, None

    def look() -> None:
        nonlocal next_line, first_push
        past.show()
        line_due = time.monotonic() >= next_line
        if first_push and not line_due:
            return
        if line_due:
            next_line += MINUTE
        now = datetime.now(UTC)
        try:
            with (
                database_errors_in_one_line(),
                connect(values["LEADOPS_DATABASE_URL"], application="leadops-stack") as connection,
            ):
                limit_statements(connection)  # meanwhile nobody looks after the parts
                if not first_push and (first_push := read_first_push(connection, since=since)):
                    seconds = first_push.timestamp() - started
                    screen.say(f"{now:%H:%M:%S}  first score in the MA, {seconds:.0f} s after the start")
                    past.begin(connection)
                if line_due:
                    screen.say(read_minute(connection, now=now).text(now))
        except LeadopsError as error:
            screen.say(f"{now:%H:%M:%S}  {error}")

    running.watch(every=LOOK, tick=look)


def _say_ready(home: Home, values: Mapping[str, str], screen: Screen, *, seconds: float) -> None:
    ports = read_ports(values)
    airflow = f"http://127.0.0.1:{ports['LEADOPS_PORT_AIRFLOW']}"
    password = values["LEADOPS_ADMIN_PASSWORD"] if screen.console.is_terminal else "LEADOPS_ADMIN_PASSWORD"
    screen.say(
        f"\nup after {seconds:.0f} s\n"
        f"  Airflow   {airflow}  user admin, password {password} (in {home.env_file}); viewer may only look\n"
        f"  Lead ops  {airflow}/leadops/  what leadops does, in pages; also in Airflow's navigation\n"
        f"  gateway   http://127.0.0.1:{ports['LEADOPS_PORT_GATEWAY']}  POST /collect, GET /healthz"
    )
    if uses_sandbox(values):
        screen.say(
            f"  sandbox   http://127.0.0.1:{ports['LEADOPS_PORT_SANDBOX']}/_state  what MA, CRM, Slack hold"
        )
    screen.say(
        f"  database  127.0.0.1:{ports['LEADOPS_PORT_POSTGRES']}  LEADOPS_DATABASE_URL in {home.env_file}\n"
        f"  logs      {home.logs}\n"
        f"look at {airflow}/dags/score_leads: each minute a run turns clicks into points in the MA\n"
        "stop with Ctrl-C, or with `make down` from another terminal\n"
    )
