"""docker-compose.yaml, as far as it can be judged without an engine."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from leadops_stack.airflow_env import SHARED
from leadops_stack.env_file import read_env
from leadops_stack.executor import EXECUTOR, LOCAL, choose_executor

PROJECT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
#: The services with our image in which Airflow runs; the others know nothing of it.
AIRFLOW = {"migrate", "api-server", "scheduler", "worker", "dag-processor", "triggerer"}
#: The services that run tasks, one or the other executor.
TASKS = {"scheduler", "worker"}
#: What may be reached from outside of the containers.
PUBLISHED = {"gateway", "api-server"}


def read_span(text: str) -> timedelta:
    """Return a time as Compose writes it: 65m, 1m30s."""
    units = {"h": "hours", "m": "minutes", "s": "seconds"}
    assert re.fullmatch(r"(\d+[hms])+", text), text
    return sum(
        (timedelta(**{units[unit]: int(n)}) for n, unit in re.findall(r"(\d+)([hms])", text)), timedelta()
    )


def is_probed(service: dict[str, Any]) -> bool:
    """Return whether a service has a health check, of its own and not that of the image."""
    return "test" in service["healthcheck"]


def list_before(name: str) -> set[str]:
    """Return every service that must be well before `name` starts."""
    direct = set(SERVICES[name].get("depends_on", {}))
    return direct.union(*map(list_before, direct))


def test_everything_is_known_to_be_well_or_to_have_ended_well() -> None:
    assert [name for name, service in SERVICES.items() if not is_probed(service)] == ["migrate"]
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            wanted = "service_healthy" if is_probed(SERVICES[other]) else "service_completed_successfully"
            assert how["condition"] == wanted, (name, other)


def test_what_others_stand_on_starts_first() -> None:
    assert {name for name in SERVICES if not list_before(name)} == {"postgres", "redis", "sandbox"}
    assert list_before("migrate") == {"postgres"}
    for name in ("gateway", "live", "watchdog", "api-server"):
        assert list_before(name) == {"migrate", "postgres"}, name
    for name in TASKS:
        assert list_before(name) == {"redis", "api-server", "migrate", "postgres"}, name


def test_only_gateway_and_api_server_can_be_reached_and_only_from_this_machine() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == PUBLISHED
    for name in PUBLISHED:
        (port,) = SERVICES[name]["ports"]
        assert port.startswith("${LEADOPS_PUBLISH_ON:-127.0.0.1}:"), name
    assert not any("network_mode" in service or service.get("privileged") for service in SERVICES.values())


def test_all_of_airflow_has_the_shared_settings_and_says_none_of_them_again() -> None:
    for name, service in SERVICES.items():
        assert ("env_file" in service) == (name in AIRFLOW), name
        if name in AIRFLOW:
            assert PROJECT / service["env_file"] == SHARED
            assert not read_env(SHARED).keys() & service["environment"].keys()


def test_two_workers_run_the_tasks_unless_one_variable_says_otherwise() -> None:
    assert SERVICES["worker"]["deploy"]["replicas"] == 2
    for name in AIRFLOW:
        assert SERVICES[name]["environment"][EXECUTOR] == f"${{{EXECUTOR}:-CeleryExecutor}}"
    assert choose_executor(LOCAL) == LOCAL


@pytest.mark.parametrize("name", sorted(TASKS))
def test_what_runs_tasks_keeps_logs_and_mark(name: str) -> None:
    folders = {volume.split(":")[1] for volume in SERVICES[name]["volumes"]}
    assert folders == {"/var/lib/leadops/airflow/logs", "/var/lib/leadops/marks"}
    assert SERVICES["api-server"]["volumes"][0] in SERVICES[name]["volumes"]


def test_nothing_is_lost_for_want_of_a_volume_or_room() -> None:
    kept = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert kept == COMPOSE["volumes"].keys() == {"postgres", "redis", "airflow-logs", "marks", "sandbox"}
    assert "--appendonly yes" in SERVICES["redis"]["command"][2]
    for name, service in SERVICES.items():
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
        assert service["restart"] == ("on-failure" if name == "migrate" else "unless-stopped"), name


def test_no_container_of_ours_can_become_more_than_it_is() -> None:
    for name, service in SERVICES.items():
        if name != "postgres":  # its image starts as root and gives that up itself
            assert service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"], name
