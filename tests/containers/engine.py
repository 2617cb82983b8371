"""The container engine: the one that runs here, else one of our own, started and cleaned up again."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.waiting import wait_until

#: The ways to call Compose; the first that answers is taken.
COMPOSES = (("docker", "compose"), ("docker-compose",))
#: Networks of the engine of our own: nothing leaves the machine, and no firewall rule is changed.
OWN_NETWORKS = (
    "--bridge=none", "--iptables=false", "--ip-masq=false", "--ip-forward=false",
    "--default-address-pool=base=10.214.0.0/16,size=24",
)  # fmt: skip


class NoEngineError(Exception):
    """Containers cannot run here; the message says what is missing."""


@dataclass(frozen=True)
class Engine:
    """A container engine and the Compose that speaks to it."""

    program: str  # the docker command
    compose: tuple[str, ...]
    host: str = ""  # DOCKER_HOST; empty: the usual one

    @property
    def env(self) -> dict[str, str]:
        """What its clients need in their environment."""
        return {**os.environ, "DOCKER_BUILDKIT": "1", **({"DOCKER_HOST": self.host} if self.host else {})}

    def docker(self, *arguments: str, **more: object) -> str:
        """Run a docker command; return what it prints. Raises CalledProcessError where it fails."""
        command = (self.program, *arguments)
        done = subprocess.run(command, env=self.env, check=True, stdout=subprocess.PIPE, text=True, **more)  # type: ignore[call-overload]
        return str(done.stdout).strip()

    def has_image(self, name: str) -> bool:
        """Return whether an image is here, or can be pulled."""
        return any(self.does(*command, name) for command in (("image", "inspect"), ("pull",)))

    def does(self, *arguments: str) -> bool:
        """Return whether a docker command ends well."""
        done = subprocess.run((self.program, *arguments), env=self.env, capture_output=True, check=False)
        return done.returncode == 0


@contextmanager
def find_engine() -> Iterator[Engine]:
    """Yield the engine that runs here, else one that is started for this test and removed after it.

    Raises NoEngineError where neither can be had.
    """
    if (program := _find_docker()) is None:
        raise NoEngineError(
            "there is no docker that builds with BuildKit (Debian: apt-get install docker.io)"
        )
    if (compose := _find_compose()) is None:
        raise NoEngineError("there is no Compose (Debian: apt-get install docker-compose)")
    if (running := Engine(program, compose)).does("info"):
        yield running
        return
    if os.geteuid() != 0 or not shutil.which("dockerd"):
        raise NoEngineError("no engine answers (docker info), and only root with dockerd can start one")
    with tempfile.TemporaryDirectory(prefix="leadops-engine-") as folder:
        engine = Engine(program, compose, f"unix://{folder}/docker.sock")
        with _run_engine(Path(folder), engine):
            yield engine


def _find_docker() -> str | None:
    """Return the first docker of the PATH that builds with BuildKit; one that lacks its plug-in does not."""
    for folder in os.get_exec_path():
        if program := shutil.which("docker", path=folder):
            command, env = [program, "build", "--help"], {**os.environ, "DOCKER_BUILDKIT": "1"}
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
            if done.returncode == 0 and "--secret" in done.stdout:
                return program
    return None


def _find_compose() -> tuple[str, ...] | None:
    for command in COMPOSES:
        if shutil.which(command[0]):
            done = subprocess.run([*command, "version"], capture_output=True, check=False)
            if done.returncode == 0:
                return command
    return None


@contextmanager
def _run_engine(folder: Path, engine: Engine) -> Iterator[None]:
    places = (f"--data-root={folder}/data", f"--exec-root={folder}/exec", f"--pidfile={folder}/pid")
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["dockerd", f"--host={engine.host}", *places, *OWN_NETWORKS],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until(lambda: engine.does("info") or process.poll() is not None, pause=0.5)
        if process.poll() is not None:
            raise NoEngineError(f"dockerd does not start: {log.read_text().splitlines()[-1]}")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=120)
