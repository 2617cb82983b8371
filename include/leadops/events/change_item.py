"""An item with values changed at dotted paths, as a repair asks for."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from leadops.errors import PermanentError


def change_item(item: Any, changes: Iterable[tuple[str, Any]], removals: Iterable[str]) -> Any:
    """Return a copy of `item` with the values at dotted paths set, or removed; objects on the way are made.

    Raises PermanentError where a path goes through something that is no object, or removes what is not there.
    """
    changed = deepcopy(item)
    for path, value in changes:
        parent, key = _find_parent(changed, path, make=True)
        parent[key] = value
    for path in removals:
        parent, key = _find_parent(changed, path, make=False)
        if key not in parent:
            raise PermanentError(f"{path}: the item has no such field")
        del parent[key]
    return changed


def _find_parent(item: Any, path: str, *, make: bool) -> tuple[dict[str, Any], str]:
    *way, key = path.split(".")
    node = item
    for step in [None, *way]:
        if step is not None:
            node = node.setdefault(step, {}) if make else node.get(step)
        if not isinstance(node, dict):
            raise PermanentError(f"{path}: leads through something that is no object")
    return node, key
