from typing import Any

import pytest

from leadops.errors import PermanentError
from leadops.events.change_item import change_item


def test_sets_and_removes_at_paths_and_leaves_the_original() -> None:
    item: dict[str, Any] = {"timestamp": "x", "context": {"page": "/a"}}
    changed = change_item(item, [("ts", "y"), ("context.utm.campaign", "c")], ["timestamp"])
    assert changed == {"ts": "y", "context": {"page": "/a", "utm": {"campaign": "c"}}}
    assert item == {"timestamp": "x", "context": {"page": "/a"}}


@pytest.mark.parametrize(
    ("item", "changes", "removals"),
    [
        ({"a": 1}, [("a.b", 2)], []),
        ("text", [("a", 2)], []),
        ({"a": 1}, [], ["b"]),
        ({"a": 1}, [], ["b.c"]),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(
    item: Any, changes: list[tuple[str, Any]], removals: list[str]
) -> None:
    with pytest.raises(PermanentError):
        change_item(item, changes, removals)
