"""Makes the environments from the locks; run by any Python 3.11 to 3.13, before anything is installed.

    python include/leadops_stack/install.py run|dev|emulator

`run` and `dev` are `.venv`. `emulator` is `.venv-emulator`, a BigQuery for tests, which needs other versions.

The user's own index settings count: uv reads its own variables, and pip's own (its files and PIP_…) are
passed on to it. Every file is checked against the hash in the lock, wherever it comes from.
"""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

PROJECT = Path(__file__).resolve().parents[2]
LOCKS = {
    "run": "requirements.lock",
    "dev": "requirements-dev.lock",
    "emulator": "requirements-emulator.lock",
}
FOLDERS = {"run": ".venv", "dev": ".venv", "emulator": ".venv-emulator"}
BOOTSTRAP = "requirements-bootstrap.lock"
OLDEST, NEWEST = (3, 11), (3, 13)

#: What pip's options are called by uv.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
}

#: Where pip reads its options for `install`; each overrides the one before it.
PIP_SECTIONS = ("global.", "install.", ":env:.")


def digest(project: Path, kind: str, version: str) -> str:
    """Return what an environment of `kind` for Python `version` is known by."""
    parts = [kind.encode(), version.encode()]
    parts += [(project / name).read_bytes() for name in (LOCKS[kind], BOOTSTRAP, "pyproject.toml")]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def is_current(project: Path, kind: str, version: str, stamp: str) -> bool:
    """Tell whether an environment with this `stamp` serves `kind`; one for `dev` serves `run` too."""
    return any(stamp == digest(project, one, version) for one in {kind, "dev"})


def uv_settings(pip_config: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that tell uv what `pip config list` tells of pip, less those `environ` has.

    A folder that does not exist is left out: pip passes over it, uv would fail. Several indexes are looked
    through together, as pip does; the hash decides what is taken.
    """
    told = [line.partition("=") for line in pip_config.splitlines()]
    found: dict[str, str] = {}
    for name, _, value in (one for section in PIP_SECTIONS for one in told if one[0].startswith(section)):
        option = name.rpartition(".")[2]
        if option in UV_NAMES:
            places = [place for place in value.strip("'\"").split() if _exists(place)]
            separator = "," if option == "find-links" else " "
            found[option] = separator.join(places)
    settings = {UV_NAMES[option]: value for option, value in found.items() if value}
    if "UV_INDEX" in settings:
        settings["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {name: value for name, value in settings.items() if name not in environ}


def _exists(place: str) -> bool:
    parsed = urlparse(place)
    if parsed.scheme in ("", "file"):
        return Path(url2pathname(parsed.path)).exists()
    return True


def python_version(python: Path) -> str | None:
    """Return the version of an interpreter (as 3.12.1), None where it does not run or we cannot use it."""
    probe = "import sys; print('.'.join(map(str, sys.version_info[:3])))"
    try:
        done = subprocess.run([python, "-c", probe], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    version = done.stdout.strip()
    return version if OLDEST <= tuple(map(int, version.split(".")[:2])) <= NEWEST else None


def install(project: Path, kind: str) -> bool:
    """Bring the environment of `kind` up to its lock; tell whether there was anything to do."""
    venv = project / FOLDERS[kind]
    python, stamp = venv / "bin" / "python", venv / "leadops-installed"
    version = python_version(python)
    if version and stamp.exists() and is_current(project, kind, version, stamp.read_text()):
        return False
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env |= {"VIRTUAL_ENV": str(venv), "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    quiet = [] if sys.stderr.isatty() else ["--quiet"]

    def run(*command: str | Path) -> None:
        subprocess.run(command, cwd=project, env=env, stdin=subprocess.DEVNULL, check=True)

    if not version:
        run(sys.executable, "-m", "venv", "--clear", venv)
    stamp.unlink(missing_ok=True)
    run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", BOOTSTRAP)
    listing = subprocess.run(
        [python, "-m", "pip", "config", "list"],
        cwd=project,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    env |= uv_settings(listing.stdout, env)
    uv = venv / "bin" / "uv"
    run(uv, "pip", "sync", *quiet, "--require-hashes", "--compile-bytecode", LOCKS[kind])
    if kind != "emulator":
        run(uv, "pip", "install", *quiet, "--no-deps", "--no-build-isolation", "--editable", ".")
    stamp.write_text(digest(project, kind, python_version(python) or ""))
    return True


def main() -> int:
    """Install and say how long it took; a failure is one line on stderr after the installer's own words."""
    if len(sys.argv) != 2 or sys.argv[1] not in LOCKS:
        sys.stderr.write("usage: python include/leadops_stack/install.py run|dev|emulator\n")
        return 2
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        sys.stderr.write("leadops needs Python 3.11, 3.12 or 3.13; name one with `make PYTHON=…`\n")
        return 1
    started, folder = time.monotonic(), FOLDERS[sys.argv[1]]
    sys.stdout.write(f"installing into {folder} …\n" if sys.stdout.isatty() else "")
    try:
        done = install(PROJECT, sys.argv[1])
    except (subprocess.CalledProcessError, OSError) as error:
        step = (
            " ".join(map(str, error.cmd)) if isinstance(error, subprocess.CalledProcessError) else str(error)
        )
        sys.stderr.write(f"leadops could not be installed; this failed: {step}\n")
        return 1
    if done:
        sys.stdout.write(f"  {'install':<16} {time.monotonic() - started:6.1f} s   {folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
