"""An item with values changed at dotted paths, as a repair asks for."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from leadops.errors import PermanentError


def change_item(item: Any, changes: Iterable[tuple[str, Any]], removals: Iterable[str]) -> Any:
    """Return a copy of `item` with the values at dotted paths set or removed; objects on the way are created.

    Raises PermanentError if a path goes through something that is not an object, or removes a missing field.
    """
    changed = deepcopy(item)
    for path, value in changes:
        parent, key = _find_parent(changed, path, create=True)
        parent[key] = value
    for path in removals:
        parent, key = _find_parent(changed, path, create=False)
        if key not in parent:
            raise PermanentError(f"{path}: the item has no such field")
        del parent[key]
    return changed


def _find_parent(item: Any, path: str, *, create: bool) -> tuple[dict[str, Any], str]:
    *way, key = path.split(".")
    node = item
    for step in [None, *way]:
        if step is not None:
            node = node.setdefault(step, {}) if create else node.get(step)
        if not isinstance(node, dict):
            raise PermanentError(f"{path}: leads through something that is not an object")
    return node, key
