"""Whether Redis and a worker answer, asked of real ones: well, hanging, and gone."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from leadops_stack.executor import EXECUTOR
from leadops_stack.redis import PROGRAMS, answers, broker_url, find_program, worker_answers, write_settings
from tests.conftest import free_port
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(not any(map(shutil.which, PROGRAMS)), reason="no redis-server here")

#: Seconds within which a check says something; a watchdog waits for it.
SOON = 60.0


@pytest.fixture
def values() -> dict[str, str]:
    return {"LEADOPS_PORT_REDIS": str(free_port()), "LEADOPS_REDIS_PASSWORD": "x" * 32}


@pytest.fixture
def redis(values: dict[str, str], tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A server in a folder whose name has a space."""
    folder = tmp_path / "a folder"
    command = [find_program(), str(write_settings(folder, values))]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def worker(values: dict[str, str]) -> Iterator[str]:
    """The name of a worker that has no tasks."""
    url = broker_url(values)
    code = f"from celery import Celery; Celery(broker={url!r}).worker_main(sys.argv[1:])"
    command = [sys.executable, "-c", f"import sys; {code}"]
    options = ["worker", "--pool=solo", "--concurrency=1", "--hostname=celery@worker-1", "--loglevel=ERROR"]
    with subprocess.Popen([*command, *options], stderr=subprocess.DEVNULL) as process:
        try:
            yield "worker-1"
        finally:
            process.kill()


def take(check: Callable[[], bool]) -> bool:
    started = time.monotonic()
    found = check()
    assert time.monotonic() - started < SOON
    return found


def test_whether_redis_and_a_worker_answer(
    redis: "subprocess.Popen[bytes]", worker: str, values: dict[str, str]
) -> None:
    checks = answers(broker_url(values)), worker_answers(broker_url(values), worker)
    for check in checks:
        wait_until(check)
    assert not worker_answers(broker_url(values), "worker-2")()
    redis.send_signal(signal.SIGSTOP)
    assert [take(check) for check in checks] == [False, False]
    redis.kill()
    redis.wait()
    assert [take(check) for check in checks] == [False, False]


def test_a_wrong_password_is_no_answer(redis: "subprocess.Popen[bytes]", values: dict[str, str]) -> None:
    wait_until(answers(broker_url(values)))
    wrong = broker_url({**values, "LEADOPS_REDIS_PASSWORD": "y" * 32})
    assert not take(answers(wrong))
    assert not take(worker_answers(wrong, "worker-1"))


def test_the_queue_is_kept_in_the_folder(
    redis: "subprocess.Popen[bytes]", values: dict[str, str], tmp_path: Path
) -> None:
    wait_until(answers(broker_url(values)))
    assert (tmp_path / "a folder" / "appendonlydir").is_dir()


@pytest.mark.parametrize(("named", "code"), [(None, 1), ("CeleryExecutor", 1), ("LocalExecutor", 0)])
def test_a_worker_that_does_not_answer_fails_its_probe(
    values: dict[str, str], named: str | None, code: int
) -> None:
    """Airflow's chart names the executor in a file and in no variable."""
    environment = {name: value for name, value in os.environ.items() if name != EXECUTOR}
    environment |= {"AIRFLOW__CELERY__BROKER_URL": broker_url(values)} | ({EXECUTOR: named} if named else {})
    command = [sys.executable, "-m", "leadops_stack.worker_probe"]
    assert subprocess.run(command, env=environment, check=False, timeout=300).returncode == code
