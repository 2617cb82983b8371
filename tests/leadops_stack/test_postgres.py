import contextlib
import functools
import multiprocessing
import os
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from leadops.errors import ConfigError, LeadopsError
from leadops_stack import postgres as module
from leadops_stack.account import Account, reachable_copy
from leadops_stack.postgres import PostgresServer
from tests.waiting import wait_until

from ..conftest import free_port


def make(folder: Path) -> PostgresServer:
    return PostgresServer(folder, port=free_port(), password=secrets.token_hex(8))


@pytest.fixture
def server(open_folder: Path) -> Iterator[PostgresServer]:
    """A server that runs."""
    made = make(open_folder / "pg")
    made.start()
    yield made
    made.stop()


def postmaster(server: PostgresServer) -> int:
    return int((server.place / "postmaster.pid").read_text().split("\n", 1)[0])


def ask(server: PostgresServer, query: str) -> object:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        found = connection.execute(query)  # type: ignore[call-overload]
        return found.fetchone()[0] if found.description else None


def kill_and_restart(server: PostgresServer) -> None:
    """Kill the server with an open session and start it again; what was committed is there."""
    ask(server, "create table kept (n int)")
    ask(server, "insert into kept values (7)")
    with contextlib.closing(psycopg.connect(server.url())) as held:
        held.execute("insert into kept values (8)")
        os.kill(postmaster(server), signal.SIGKILL)
        server.start()
    assert ask(server, "select sum(n) from kept") == 7


def test_it_listens_here_only_and_asks_for_the_password(server: PostgresServer) -> None:
    process = psutil.Process(postmaster(server))
    listening = [c.laddr for c in process.net_connections() if c.status == psutil.CONN_LISTEN]
    assert [(place.ip, place.port) for place in listening] == [("127.0.0.1", server.port)]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url().replace(server.password, "guess"))
    if server.account:
        assert process.uids().real == server.account.uid


def test_it_survives_a_kill(server: PostgresServer) -> None:
    kill_and_restart(server)


def test_it_starts_again_with_its_data(server: PostgresServer) -> None:
    ask(server, "create table kept as select 7 as n")
    server.stop()
    assert not server.answers()
    server.start()
    assert ask(server, "select n from kept") == 7


def test_a_server_that_was_left_running_is_taken_over(server: PostgresServer) -> None:
    first = postmaster(server)
    again = PostgresServer(server.folder, port=server.port, password=server.password)
    again.start()
    assert postmaster(server) != first
    assert again.answers()


def test_a_pid_file_that_names_a_stranger_does_not_hold_it_up(server: PostgresServer) -> None:
    stranger = subprocess.Popen(
        ["sleep", "600"], **(server.account.popen_options() if server.account else {}), cwd="/"
    )
    pid_file = server.place / "postmaster.pid"
    text = pid_file.read_text()
    os.kill(postmaster(server), signal.SIGKILL)
    wait_until(lambda: not any(_is_in(pid, server.place) for pid in psutil.pids()))
    pid_file.write_text("\n".join([str(stranger.pid), *text.split("\n")[1:]]))
    try:
        server.start()
        assert server.answers()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_taken_port_is_named(open_folder: Path) -> None:
    server = make(open_folder / "pg")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", server.port))
        taken.listen()
        with pytest.raises(ConfigError, match=f"port {server.port} on 127.0.0.1 is taken"):
            server.start()


def test_a_server_that_does_not_start_says_why(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = make(open_folder / "pg")
    monkeypatch.setattr("leadops_stack.postgres.PATIENCE", 0.0)
    with pytest.raises(LeadopsError, match=r"does not start: .*no_such_setting.*server\.log"):
        server.start(options="-c no_such_setting=1")


def test_a_closed_folder_does_not_keep_root_from_it(account: Account, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = make(closed / "pg")
    try:
        server.start()
        assert server.answers()
        assert server.folder.is_symlink()
    finally:
        server.stop()
        subprocess.run(["rm", "-rf", server.place], check=True)


def test_closed_programs_do_not_keep_root_from_it(
    account: Account, open_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    root = module._wheel_root()
    for name in module.WHEEL_FOLDERS:
        shutil.copytree(root / name, closed / name)
    monkeypatch.setattr(module, "_wheel_root", lambda: closed)
    monkeypatch.setattr(module, "reachable_copy", functools.partial(reachable_copy, copies=open_folder))
    server = make(open_folder / "pg")
    try:
        server.start()
        assert Path(server.command()[0]).is_relative_to(open_folder)
        assert Path(psutil.Process(postmaster(server)).exe()).is_relative_to(open_folder)
    finally:
        server.stop()


def test_a_normal_user_runs_it_too(account: Account, open_folder: Path) -> None:
    """A fork of ours becomes the account, and does all that root just did."""
    packages = Path(PostgresServer(open_folder / "none", port=1, password="").command()[0]).parents[3]
    place = open_folder / "home"
    place.mkdir()
    account.own(place)
    child = multiprocessing.get_context("fork").Process(target=_run_as, args=(account, place, packages))
    child.start()
    child.join(timeout=120)
    assert child.exitcode == 0
    assert (place / "pg" / "PG_VERSION").stat().st_uid == account.uid


def _run_as(account: Account, place: Path, packages: Path) -> None:
    os.setgroups([])
    os.setresgid(account.gid, account.gid, account.gid)
    os.setresuid(account.uid, account.uid, account.uid)
    server = make(place / "pg")
    assert server.account is None
    server._packages = packages
    server.start()
    try:
        kill_and_restart(server)
    finally:
        server.stop()


def _is_in(pid: int, folder: Path) -> bool:
    try:
        return psutil.Process(pid).cwd() == str(folder)
    except psutil.Error:
        return False
