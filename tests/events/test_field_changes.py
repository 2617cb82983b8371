import re
from pathlib import Path

from leadops.events.field_changes import MAX_NAMED, ChangeKind, FieldChange, FieldChanges

ROOT = Path(__file__).parents[2]


def test_changes_are_named_up_to_a_bound() -> None:
    changes = FieldChanges()
    for number in range(MAX_NAMED + 5):
        changes.add(("properties", number, "a\0"), ChangeKind.CLEANED)
    assert len(changes.named) == MAX_NAMED + 1
    assert changes.named[0] == FieldChange("properties[0].a\\x00", "cleaned")
    assert changes.named[-1] == FieldChange("", "more")


def test_every_word_is_documented() -> None:
    table = (ROOT / "docs/events.md").read_text().split("## What is changed")[1].split("##")[0]
    documented = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert sorted(documented) == sorted(kind.value for kind in ChangeKind)
