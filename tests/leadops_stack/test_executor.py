from pathlib import Path

import pytest

from leadops.errors import ConfigError
from leadops_stack.airflow_env import SHARED, airflow_environment
from leadops_stack.env_file import read_env
from leadops_stack.executor import EXECUTOR, choose_executor
from leadops_stack.home import Home
from leadops_stack.plan import PRELOAD
from leadops_stack.pools import POOLS, read_shards
from leadops_stack.redis import write_settings
from leadops_stack.variables import prepare_variables
from tests.leadops_stack.test_plan import list_parts


@pytest.mark.parametrize(
    ("named", "chosen"),
    [
        ("", "LocalExecutor"),
        ("local", "LocalExecutor"),
        ("celery", "CeleryExecutor"),
        ("CeleryExecutor", "CeleryExecutor"),
    ],
)
def test_an_executor_has_a_short_word(named: str, chosen: str) -> None:
    assert choose_executor(named) == chosen


def test_an_executor_that_leadops_does_not_know_is_refused(home: Home) -> None:
    with pytest.raises(ConfigError, match="=SequentialExecutor is not known here; choose local or celery"):
        prepare_variables(home, {EXECUTOR: "SequentialExecutor"})


def test_the_choice_is_kept_until_another_is_made(home: Home) -> None:
    prepare_variables(home, {EXECUTOR: "celery"})
    assert prepare_variables(home, {})[EXECUTOR] == "CeleryExecutor"
    assert prepare_variables(home, {EXECUTOR: "local"})[EXECUTOR] == "LocalExecutor"


def test_celery_adds_redis_and_two_workers_and_nothing_else(home: Home) -> None:
    local = list_parts(home, {EXECUTOR: "local"})
    celery = list_parts(home, {EXECUTOR: "celery"})
    assert celery.keys() - local.keys() == {"redis", "worker-1", "worker-2"}
    assert local.keys() < celery.keys()
    assert {name: part.command for name, part in celery.items() if name in local} == {
        name: part.command for name, part in local.items()
    }
    worker = celery["worker-1"]
    assert worker.env[EXECUTOR] == "CeleryExecutor"
    assert worker.env["LEADOPS_PRELOAD"] == PRELOAD
    assert worker.env["AIRFLOW__CELERY__BROKER_URL"] == celery["scheduler"].env["AIRFLOW__CELERY__BROKER_URL"]
    assert "AIRFLOW__CELERY__BROKER_URL" not in celery["gateway"].env


def test_redis_lets_nobody_in_without_the_password(home: Home) -> None:
    values = prepare_variables(home, {})
    path = write_settings(home.redis, values)
    assert path.stat().st_mode & 0o777 == 0o600
    lines = path.read_text().splitlines()
    assert f"requirepass {values['LEADOPS_REDIS_PASSWORD']}" in lines
    assert "bind 127.0.0.1" in lines
    part = list_parts(home, {EXECUTOR: "celery"})["redis"]
    assert values["LEADOPS_REDIS_PASSWORD"] not in " ".join(part.command)


def test_the_shared_settings_fit_together(home: Home) -> None:
    shared = read_env(SHARED)
    slots = sum(slots for slots, _ in POOLS.values())
    assert int(shared["AIRFLOW__CORE__PARALLELISM"]) == slots
    assert 2 * int(shared["AIRFLOW__CELERY__WORKER_CONCURRENCY"]) == slots
    # A task of a killed worker counts as dead, waits for its retry and is queued within a minute.
    lost = int(shared["AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT"])
    looked = int(shared["AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL"])
    assert lost + looked + 10 < 60
    assert lost >= 5 * int(shared["AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL"])
    environment = airflow_environment(home, prepare_variables(home, {}))
    assert shared.items() <= environment.items()


def test_each_push_at_once_may_run(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "delivery.yaml").write_text("shards: 4\n")
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(tmp_path))
    environment = airflow_environment(home, prepare_variables(home, {}))
    assert environment["AIRFLOW__CORE__PARALLELISM"] == "7"
    assert environment["AIRFLOW__CELERY__WORKER_CONCURRENCY"] == "4"
    (tmp_path / "delivery.yaml").write_text("shards: many\n")
    assert read_shards() == 1
