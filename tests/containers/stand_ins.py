"""The images that the stack is built on: pulled, else made from Debian's packages.

A stand-in does what the tests need of the image it stands in for: the same programs, users, folders and
variables. It comes from debootstrap, so it needs root, and takes a few minutes.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.containers.engine import Engine, NoEngineError

HERE = Path(__file__).parent
SUITE, MIRROR = "bookworm", "http://deb.debian.org/debian"
#: What programs of the build trust, so that an index behind a private CA can be reached, too.
TRUSTED = Path("/etc/ssl/certs/ca-certificates.crt")
PREFIX = "leadops-stand-in"


@dataclass(frozen=True)
class Images:
    """The names of the images to build on, by the variables of docker-compose.yaml."""

    variables: dict[str, str]
    made: bool  # whether they are stand-ins


DEFAULTS = {
    "BASE_IMAGE": "python:3.12-slim-bookworm",
    "POSTGRES_IMAGE": "postgres:17",
    "REDIS_IMAGE": "redis:7",
}


def prepare_images(engine: Engine, say: Callable[[str], None]) -> Images:
    """Return images to build on, those of docker-compose.yaml where they can be had.

    Raises NoEngineError where they can neither be pulled nor made.
    """
    if all(engine.has_image(name) for name in DEFAULTS.values()):
        return Images(DEFAULTS, made=False)
    say("the images of docker-compose.yaml cannot be pulled; stand-ins are made from Debian's packages")
    names = {variable: f"{PREFIX}-{variable.removesuffix('_IMAGE').lower()}" for variable in DEFAULTS}
    # One that was made before serves; it is never asked for in a registry, where anybody could have the name.
    if not engine.does("image", "inspect", names["BASE_IMAGE"]):
        _make_base(engine, names["BASE_IMAGE"])
    for variable in ("POSTGRES_IMAGE", "REDIS_IMAGE"):
        recipe = HERE / f"{variable.removesuffix('_IMAGE').lower()}.Dockerfile"
        engine.docker(
            *("build", "--quiet", "--network=host", "--build-arg", f"BASE_IMAGE={names['BASE_IMAGE']}"),
            *("--tag", names[variable], "--file", str(recipe), str(HERE)),
        )
    return Images(names, made=True)


def _make_base(engine: Engine, name: str) -> None:
    """Make an image that has what python:3.12-slim-bookworm has for us: a Python with its venv module."""
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        raise NoEngineError("images cannot be pulled, and only root with debootstrap can make stand-ins")
    with tempfile.TemporaryDirectory(prefix="leadops-base-") as folder:
        packages = "--include=ca-certificates,python3,python3-venv"
        command = ["debootstrap", "--variant=minbase", packages, SUITE, folder, MIRROR]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if done.returncode:
            raise NoEngineError(f"debootstrap fails: {done.stdout.splitlines()[-1]}")
        trusted = Path(folder) / TRUSTED.relative_to("/")
        if TRUSTED.exists():
            shutil.copyfile(TRUSTED, trusted)
        with subprocess.Popen(["tar", "-C", folder, "-c", "."], stdout=subprocess.PIPE) as packed:
            engine.docker(
                "import", "--change", f"ENV SSL_CERT_FILE={TRUSTED}", "-", name, stdin=packed.stdout
            )
