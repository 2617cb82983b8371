"""The file with the secrets: read, written once with mode 0600, changed line by line and never replaced."""

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from leadops.errors import ConfigError

HEADER = """\
# Secrets and connections of this installation, made for it alone. Never commit this file.
# What you change here stays; remove a line and the next `make up` writes a fresh one.
"""


def read_env(path: Path) -> dict[str, str]:
    """Return the variables in `path`, {} where there is no such file.

    Raises ConfigError when it cannot be read.
    """
    try:
        with path.open(encoding="utf-8") as stream:
            found = dotenv_values(stream=stream, interpolate=False)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    return {name: value for name, value in found.items() if value is not None}


def write_env(path: Path, values: Mapping[str, str]) -> None:
    """Set `values` in `path` in one step, mode 0600; other lines, their order and comments stay."""
    waiting = dict(values)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else HEADER.splitlines()
    for number, line in enumerate(lines):
        name = line.removeprefix("export ").partition("=")[0].strip()
        if name in waiting:
            lines[number] = _line(name, waiting.pop(name))
    lines += [_line(name, value) for name, value in waiting.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(prefix=".env-", dir=path.parent)  # made with mode 0600
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write("\n".join(lines) + "\n")
    Path(unfinished).replace(path)


def _line(name: str, value: str) -> str:
    """Return an assignment that a shell, docker compose and python-dotenv read alike."""
    if re.fullmatch(r"[\w@%+=:,./-]*", value, re.ASCII):
        return f"{name}={value}"
    if "'" in value or "\n" in value:
        raise ConfigError(f"{name} holds a quote or a line break, which {name}=… in a file cannot carry")
    return f"{name}='{value}'"
