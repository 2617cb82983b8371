"""A mutant and what became of it."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any


class Outcome(StrEnum):
    """What happened to a mutant."""

    KILLED = "killed"  # a test failed
    TYPED = "typed"  # mypy refuses it
    TIMED_OUT = "timed out"  # its tests did not end
    SURVIVED = "survived"  # every test passed, or no test runs it


class MutantsFailedError(Exception):
    """No mutant could be tried, often because a test fails without one; ends with the log's last lines."""

    def __init__(self, log: Path) -> None:
        lines = log.read_text(encoding="utf-8").splitlines()[-25:]
        super().__init__("\n".join([*lines, str(log.resolve())]))


@dataclass(frozen=True)
class Mutant:
    """A small change in `place`, a function or statement of `module`; `change` its lines, `-` then `+`."""

    module: str
    place: str
    change: str
    outcome: Outcome

    @property
    def identity(self) -> tuple[str, str, str]:
        """What stays the same when line numbers and neighbours change."""
        return self.module, self.place, self.change

    def as_json(self) -> dict[str, Any]:
        """Return its fields for a JSON file."""
        return asdict(self)


def changed_lines(diff: str) -> str:
    """Return the lines of a unified diff that changed, their indentation and the rest left out."""
    lines = [line for line in diff.splitlines() if line[:1] in "-+" and line[:3] not in ("---", "+++")]
    return "\n".join(f"{line[0]} {line[1:].strip()}" for line in lines)
