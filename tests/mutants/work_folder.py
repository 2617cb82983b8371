"""A copy of the project as mutmut wants it, packages below src/: one folder a room in build/mutants."""

import json
import shutil
import sys
from pathlib import Path

from tests.mutants.rooms import Room

PROJECT = Path(__file__).parents[2]
BUILD = PROJECT / "build" / "mutants"
FOLDERS = ("tests", "dags", "docs", "plugins", "benchmarks")
FILES = ("README.md", "ARCHITECTURE.md", "Makefile", "docker-compose.yaml", "Dockerfile", "requirements.txt")

#: What mutmut writes; all else below mutants/ is copied again, so that it never becomes stale.
RESULTS = (".py", ".meta", ".spans")

#: Lines whose change no test should notice: log lines, the texts of exceptions and of settings.
UNTESTED_LINES = [
    r"^\s*(raise |logger\.|log\.|return f?\"|f\")",
    r"(Error|Refusal|RuntimeError)\(",
    r"description=",
]

PYTEST_OPTIONS = [
    *("-x", "-q", "-n", "0", "-m", "not real_data"),
    *("-p", "tests.mutants.cold_caches", "--hypothesis-seed=0"),
]

#: A mutant is stopped at (seconds of its tests + constant) * multiplier. The seconds leave fixtures out; the
#: constant is for a busy machine, on which a mutant that ends must not be stopped.
TIMEOUT_CONSTANT, TIMEOUT_MULTIPLIER = 30.0, 4.0


def lay_out(room: Room) -> Path:
    """Copy the project to the room's folder, keep results of earlier runs, and return the folder."""
    work = BUILD / room.name
    _remove_stale(work / "mutants")
    for name in ("src", *FOLDERS):
        shutil.rmtree(work / name, ignore_errors=True)
        source = PROJECT / ("include" if name == "src" else name)
        shutil.copytree(source, work / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in FILES:
        shutil.copy2(PROJECT / name, work / name)
    (work / "pyproject.toml").write_text(_configuration(room), encoding="utf-8")
    return work


def _remove_stale(mutants: Path) -> None:
    for name in FOLDERS:
        shutil.rmtree(mutants / name, ignore_errors=True)
    for path in (mutants / "src").rglob("*"):
        if path.is_file() and path.suffix not in RESULTS:
            path.unlink()


def _configuration(room: Room) -> str:
    """Return pyproject.toml with src/ for include/, and with mutmut's settings."""
    text = (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    for old, new in (('pythonpath = ["."]', 'pythonpath = [".", "src"]'), ('"include"', '"src"')):
        if old not in text:
            raise ValueError(f"pyproject.toml no longer has {old}")
        text = text.replace(old, new)
    settings = {
        "source_paths": ["src"],
        "only_mutate": room.patterns,
        "do_not_mutate": [*room.exclusions, "*/__init__.py", "*_settings.py"],
        "do_not_mutate_patterns": UNTESTED_LINES,
        "also_copy": [*FOLDERS, *FILES],
        "pytest_add_cli_args_test_selection": list(room.tests),
        "pytest_add_cli_args": PYTEST_OPTIONS,
        "type_check_command": [sys.executable, "-m", "tests.mutants.type_check", "mypy", room.name],
        "timeout_constant": TIMEOUT_CONSTANT,
        "timeout_multiplier": TIMEOUT_MULTIPLIER,
        "use_git_change_detection": False,
        # A process that has run the tests has warm caches, in which a mutant would never run.
        "process_isolation": "forkserver",
    }
    # A JSON value of these types is also a TOML value.
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    return "\n".join([text, "[tool.mutmut]", *lines, ""])
