"""The rooms that decide: which files are changed, and whose tests must notice."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch


@dataclass(frozen=True)
class Room:
    """A folder of include/leadops; `files` are patterns within it, `tests` are folders or files of tests/."""

    name: str
    tests: tuple[str, ...]
    files: tuple[str, ...] = ("*",)
    excluded: tuple[str, ...] = field(default=())

    @property
    def patterns(self) -> list[str]:
        """The patterns of the Python files to change, below src/."""
        return [f"src/leadops/{self.name}/{pattern}" for pattern in self.files]

    def has_module(self, name: str) -> bool:
        """Return whether the file of that name in the room's folder is changed."""
        return any(fnmatch(name, pattern) for pattern in self.files) and not any(
            fnmatch(name, pattern) for pattern in self.excluded
        )

    def tested_by(self, tests: Sequence[str] | None) -> "Room":
        """Return the room with other tests, if any are given."""
        return replace(self, tests=tuple(tests)) if tests else self

    @property
    def exclusions(self) -> list[str]:
        """The patterns of the Python files that stay as they are."""
        return [f"src/leadops/{self.name}/{pattern}" for pattern in self.excluded]


#: The cheap ones first. Explanations and checks of alerts read what was decided; they decide nothing.
ROOMS = (
    Room("calendar", ("tests/calendar",)),
    Room("sla", ("tests/sla",), excluded=("checks.py",)),
    Room("intake", ("tests/intake",)),
    Room(
        "gateway",
        (
            "tests/gateway/test_rate_limiter.py",
            "tests/gateway/test_shared_limits.py",
            "tests/gateway/test_addresses.py",
        ),
        files=("rate_limiter.py", "addresses.py"),
    ),
    Room("clients", ("tests/clients",)),
    Room("products", ("tests/products",), excluded=("*_check.py", "check_line.py")),
    Room("thresholds", ("tests/thresholds",), excluded=("checks.py",)),
    Room("lifecycle", ("tests/lifecycle",), excluded=("checks.py", "explain_*.py")),
    Room("delivery", ("tests/delivery",), excluded=("*checks.py",)),
    Room("routing", ("tests/routing",), excluded=("checks.py", "explain_*.py")),
    Room("identity", ("tests/identity",), excluded=("checks.py", "explain_*.py")),
    Room("scoring", ("tests/scoring",), excluded=("explain*.py",)),
    Room("funnel", ("tests/funnel",), excluded=("checks.py",)),
    Room("training", ("tests/training",), excluded=("checks.py", "explain*.py")),
)


def find_room(name: str) -> Room:
    """Return the room of that name; raise SystemExit that lists the names if there is none."""
    for room in ROOMS:
        if room.name == name:
            return room
    raise SystemExit(f"unknown room {name!r}; one of: {', '.join(room.name for room in ROOMS)}")
