"""The stack of docker-compose.yaml under a project name and ports of its own, taken down whatever happens."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from leadops_stack.env_file import write_env
from leadops_stack.home import Home
from leadops_stack.ports import DEFAULT_PORTS
from leadops_stack.variables import prepare_variables
from tests.conftest import free_port
from tests.containers.engine import Engine
from tests.containers.stand_ins import Images

PROJECT = Path(__file__).parents[2]
NAME = "leadops-image-test"
IMAGE = f"{NAME}:built"

#: Ends a process of any container. The engine starts a container that died again, not one that it killed.
KILL = "import os, signal, sys; [os.kill(int(pid), signal.SIGKILL) for pid in sys.argv[1:]]"


@dataclass(frozen=True)
class Container:
    """A container of the stack."""

    id: str
    service: str
    pid: int  # of its first process, on the machine
    restarts: int
    state: str  # running, exited …
    health: str  # healthy, starting, unhealthy; empty where it has no health check
    exit_code: int

    @property
    def is_well(self) -> bool:
        """Whether it runs and is healthy, or has done its one piece of work."""
        if self.health:
            return self.state == "running" and self.health == "healthy"
        return self.state == "exited" and self.exit_code == 0


@dataclass(frozen=True)
class ContainerStack:
    """The stack in containers, and the variables that it was given."""

    engine: Engine
    values: dict[str, str]
    env_file: Path

    def compose(self, *arguments: str, **more: object) -> str:
        """Run a compose command on the stack, the sandbox included; return what it prints."""
        file = ["--file", str(PROJECT / "docker-compose.yaml")]
        options = ["--project-name", NAME, "--env-file", str(self.env_file), "--profile", "sandbox"]
        command = [*self.engine.compose, *file, *options, *arguments]
        done = subprocess.run(
            command, env=self.engine.env, cwd=PROJECT, check=True, stdout=subprocess.PIPE, text=True, **more
        )  # type: ignore[call-overload]
        return str(done.stdout)

    def start(self, *, seconds: float) -> None:
        """Start every service. Raises TimeoutExpired where one that others wait for is not well in time."""
        self.compose("up", "--detach", "--no-build", stderr=subprocess.STDOUT, timeout=seconds)

    def containers(self) -> list[Container]:
        """Return every container of the stack."""
        names = self.engine.docker(
            "ps", "-aq", "--filter", f"label=com.docker.compose.project={NAME}"
        ).split()
        return [_read(one) for one in json.loads(self.engine.docker("inspect", *names))] if names else []

    def service(self, name: str) -> list[Container]:
        """Return the containers of one service."""
        return [container for container in self.containers() if container.service == name]

    def kill(self, container: Container) -> None:
        """End a container as kill -9 of its first process does."""
        self.engine.docker(
            *("run", "--rm", "--network=none", "--pid=host", "--user=0", "--entrypoint=python", IMAGE),
            *("-c", KILL, str(container.pid)),
        )

    def say(self, service: str, *command: str) -> tuple[int, str]:
        """Run a command in a container of `service`; return how it ended and what it printed."""
        container = self.service(service)[0].id
        done = subprocess.run(
            [self.engine.program, "exec", container, *command],
            env=self.engine.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout.strip()

    def url(self, part: str) -> str:
        """Return where a part (airflow, gateway, sandbox) answers on this machine."""
        return f"http://127.0.0.1:{self.values[f'LEADOPS_PORT_{part.upper()}']}"


def build_image(engine: Engine, images: Images) -> None:
    """Build the image as docs/containers.md says."""
    base = f"BASE_IMAGE={images.variables['BASE_IMAGE']}"
    network = ("--network=host",) if images.made else ()
    engine.docker("build", "--quiet", *network, "--build-arg", base, "--tag", IMAGE, str(PROJECT))


@contextmanager
def make_stack(engine: Engine, images: Images, folder: Path) -> Iterator[ContainerStack]:
    """Yield a stack to start, whose fresh secrets lie in `folder`; take everything down after it."""
    home = Home(project=PROJECT, root=folder / "home", env_file=folder / ".env")
    values = prepare_variables(home, {name: str(free_port()) for name in DEFAULT_PORTS})
    write_env(home.env_file, {"LEADOPS_IMAGE": IMAGE, **images.variables})
    stack = ContainerStack(engine, values, home.env_file)
    try:
        yield stack
    finally:
        stack.compose("down", "--volumes", "--remove-orphans", "--timeout", "20", stderr=subprocess.STDOUT)


def _read(told: dict[str, object]) -> Container:
    state, config = told["State"], told["Config"]
    assert isinstance(state, dict)
    assert isinstance(config, dict)
    return Container(
        id=str(told["Id"]),
        service=config["Labels"]["com.docker.compose.service"],
        pid=state["Pid"],
        restarts=int(str(told["RestartCount"])),
        state=state["Status"],
        health=state.get("Health", {}).get("Status", ""),
        exit_code=state["ExitCode"],
    )
