"""Is a change worth an edit?"""

from collections.abc import Mapping
from typing import Any

from leadops.incidents.kinds import KINDS


def is_significant_change(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether the level has doubled or halved, or a fact that is significant for `kind` has changed."""
    declared = KINDS[kind]
    if any(before.get(name) != after.get(name) for name in declared.significant):
        return True
    if declared.level is None:
        return False
    old, new = float(before.get(declared.level) or 0), float(after.get(declared.level) or 0)
    return new >= 2 * old > 0 or 2 * new <= old
