import re
from pathlib import Path

import pytest

from leadops.events import validate_event
from leadops.events.event_refusal import show_path

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ((), ""),
        (("properties", "items", 3, "name"), "properties.items[3].name"),
        (("a\0\ud800",), "a\\x00\\ud800"),
        (("x" * 100,), "x" * 77 + "..."),
    ],
)
def test_a_path_is_short_and_plain(path: tuple[str | int, ...], shown: str) -> None:
    assert show_path(path) == shown


def test_every_reason_is_documented() -> None:
    code = "".join(file.read_text() for file in (ROOT / "include/leadops/events").glob("*.py"))
    reasons = {reason for reason, _ in validate_event._FAULTS.values()}
    raised = set(re.findall(r'EventRefusal\(\s*"(\w+)"', code)) | reasons | {validate_event.TOO_OLD}
    table = (ROOT / "docs/events.md").read_text().split("## What goes to quarantine")[1].split("##")[0]
    documented = {
        word for cell in re.findall(r"^\| (`.*?) \|", table, re.M) for word in re.findall(r"`(\w+)`", cell)
    }
    assert raised == documented
