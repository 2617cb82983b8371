"""The image and the compose file, as far as they can be judged without a Docker engine."""

import json
import os
import re
import shlex
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from leadops_stack import container
from leadops_stack.airflow_env import airflow_environment
from leadops_stack.executor import EXECUTOR
from leadops_stack.home import Home
from leadops_stack.plan import PRELOAD, make_plan, make_server
from leadops_stack.pools import POOLS
from leadops_stack.ports import DEFAULT_PORTS
from leadops_stack.variables import fresh_secrets, prepare_variables

PROJECT = Path(__file__).parents[2]
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
COMPOSE_TEXT = (PROJECT / "docker-compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
SERVICES = {
    "postgres", "redis", "migrate", "gateway", "api-server", "scheduler", "worker", "dag-processor",
    "triggerer", "watchdog", "live", "sandbox",
}  # fmt: skip


def sources() -> list[str]:
    """What the build takes from the project, not from another stage."""
    lines = [shlex.split(line) for line in DOCKERFILE.splitlines() if re.match("COPY (?!--from=)", line)]
    return [source for line in lines for source in line[1:-1]]


def test_everything_the_image_copies_is_there_and_sent_to_the_builder() -> None:
    allowed = {line[1:] for line in (PROJECT / ".dockerignore").read_text().splitlines() if line[:1] == "!"}
    assert len(sources()) >= 9
    assert set(sources()) == allowed
    assert [source for source in sources() if not (PROJECT / source).exists()] == []


def test_the_image_takes_any_base_and_is_nobody_special() -> None:
    lines = [line for line in DOCKERFILE.splitlines() if line and not line.startswith("#")]
    assert lines[0].startswith("ARG BASE_IMAGE=")
    stages = [line for line in lines if line.startswith("FROM ")]
    assert stages == ["FROM ${BASE_IMAGE} AS build", "FROM ${BASE_IMAGE}"]
    # By number: Kubernetes cannot see that a name is not root.
    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001:10001"]
    assert DOCKERFILE.count("--require-hashes") == 2


def test_the_build_keeps_no_secret_and_the_image_no_installer() -> None:
    assert DOCKERFILE.count("--mount=type=secret") == 2
    assert not re.search(r"^ARG (?!BASE_IMAGE|VERSION|REVISION)", DOCKERFILE, re.MULTILINE)
    last = DOCKERFILE.split("\nFROM ")[-1]
    assert not re.search(r"pip |uv |apt", last)
    assert re.findall(r"COPY --from=build (\S+)", last) == ["/opt/venv", "/opt/leadops"]


def test_alone_the_image_is_a_gateway_that_says_how_it_is() -> None:
    gateway = COMPOSE["services"]["gateway"]
    assert f"\nCMD {json.dumps(gateway['command'])}\n" in DOCKERFILE
    assert f"CMD {json.dumps(gateway['healthcheck']['test'][1:])}\n" in DOCKERFILE


def test_no_secret_is_in_the_files() -> None:
    for name in fresh_secrets():
        assert name not in DOCKERFILE
        uses = re.findall(rf"\$\{{{name}\b([^}}]*)", COMPOSE_TEXT)
        assert uses, name
        assert all(use.startswith(":?") for use in uses), name


def test_every_variable_is_ours_or_has_a_default() -> None:
    known = {*fresh_secrets(), *DEFAULT_PORTS}
    for name, rest in re.findall(r"\$\{(\w+)([^}]*)", COMPOSE_TEXT):
        assert name in known or rest.startswith(":-"), name
        if name in DEFAULT_PORTS:
            assert rest == f":-{DEFAULT_PORTS[name]}"


def test_the_services_are_whole() -> None:
    assert "name" not in COMPOSE  # docker-compose 1.29 refuses it
    assert COMPOSE["services"].keys() == SERVICES
    assert COMPOSE["services"]["sandbox"]["profiles"] == ["sandbox"]
    for service in COMPOSE["services"].values():
        assert service.get("depends_on", {}).keys() <= SERVICES


def test_containers_run_airflow_as_the_one_machine_does(home: Home) -> None:
    wanted = airflow_environment(home, prepare_variables(home, {}))
    places = ("URL", "SQL_ALCHEMY_CONN", "PASSWORDS_FILE")
    for name in ("api-server", "scheduler", "worker", "dag-processor", "triggerer"):
        given = COMPOSE["services"][name]["environment"]
        shared = {key for key in given if key in wanted and not key.endswith(places)} - {EXECUTOR}
        assert {key: given[key] for key in shared} == {key: wanted[key] for key in shared}
        assert shared
    for name in ("scheduler", "worker", "dag-processor"):
        assert COMPOSE["services"][name]["environment"]["LEADOPS_PRELOAD"] == PRELOAD
    for name, (slots, description) in POOLS.items():
        made = f'airflow pools set {name} {slots} "{description}"'
        assert made in COMPOSE["services"]["migrate"]["command"][2]


def test_containers_run_the_programs_of_the_one_machine(home: Home) -> None:
    values = prepare_variables(home, {})
    server = make_server(home, values)
    parts = {
        part.name: part
        for wave in make_plan(home, values, server, now=datetime(2026, 4, 1, tzinfo=UTC))
        for part in wave.parts
    }
    # The supervisor of the one machine is its watchdog, and its executor the LocalExecutor.
    assert SERVICES - {"migrate", "watchdog", "redis", "worker"} == parts.keys() - {
        "airflow-migrate",
        "traffic",
    }
    for name in ("scheduler", "triggerer", "dag-processor"):
        assert COMPOSE["services"][name]["command"][1:] == list(parts[name].command[1:])


def test_passwords_are_written_where_airflow_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "passwords.json"
    values = {**fresh_secrets(), "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(path)}
    container.passwords(values)
    assert yaml.safe_load(path.read_text()) == {
        "admin": values["LEADOPS_ADMIN_PASSWORD"],
        "viewer": values["LEADOPS_VIEWER_PASSWORD"],
    }


@pytest.mark.parametrize("work", ["databases", "reader", "passwords"])
def test_what_a_container_lacks_is_named(
    work: str, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    for name in ("LEADOPS_POSTGRES_PASSWORD", "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.argv", ["container", work])
    assert container.main() == 2
    assert capsys.readouterr().err.endswith(" is not set\n")


def compose_command() -> list[str] | None:
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            done = subprocess.run([*command, "version"], capture_output=True, check=False)
            if done.returncode == 0:
                return command
    return None


@pytest.mark.skipif(compose_command() is None, reason="no docker compose on this machine")
def test_compose_itself_accepts_it(home: Home) -> None:
    values = prepare_variables(home, {})
    command = [*(compose_command() or []), "--profile", "sandbox", "config"]
    done = subprocess.run(
        command, cwd=PROJECT, env={**os.environ, **values}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    whole = yaml.safe_load(done.stdout)
    ma = whole["services"]["scheduler"]["environment"]["AIRFLOW_CONN_LEADOPS_MA"]
    assert values["LEADOPS_MA_TOKEN"] in ma
    assert "conn_type" in yaml.safe_load(ma)
